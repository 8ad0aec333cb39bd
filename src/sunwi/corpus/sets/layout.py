"""What each file of a published set holds: its table by columns and path, its split, its language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.importers.beir import SPLITS
from sunwi.corpus.sets.table_rows import Rows, first_row, table_suffix
from sunwi.errors import DataError

Role = Literal["corpus", "queries", "qrels", "pairs"]

PREFERRED = ("test", "dev", "train")
# Subsets of the multilingual sets, by the names of their folders and files.
LANGUAGES: Mapping[str, frozenset[str]] = {
    "ko": frozenset({"ko", "kor", "korean"}),
    "ar": frozenset({"ar", "arabic"}),
    "bn": frozenset({"bn", "bengali"}),
    "de": frozenset({"de", "german"}),
    "en": frozenset({"en", "eng", "english"}),
    "es": frozenset({"es", "spanish"}),
    "fa": frozenset({"fa", "persian"}),
    "fi": frozenset({"fi", "finnish"}),
    "fr": frozenset({"fr", "french"}),
    "hi": frozenset({"hi", "hindi"}),
    "id": frozenset({"id", "indonesian"}),
    "ja": frozenset({"ja", "japanese"}),
    "ru": frozenset({"ru", "russian"}),
    "sw": frozenset({"sw", "swahili"}),
    "te": frozenset({"te", "telugu"}),
    "th": frozenset({"th", "thai"}),
    "vi": frozenset({"vi", "vietnamese"}),
    "yo": frozenset({"yo", "yoruba"}),
    "zh": frozenset({"zh", "chinese"}),
}
QUERY_ID = ("query-id", "query_id", "qid")
DOCUMENT_ID = ("corpus-id", "corpus_id", "docid", "doc_id", "document_id")
ROW_ID = ("_id", "id")
TEXT = ("text", "content", "contents", "passage")
QUERY_TEXT = ("text", "query", "question")
_CORPUS_WORDS = frozenset({"corpus", "docs", "documents", "passages", "collection"})
_QUERY_WORDS = frozenset({"queries", "query", "topics", "questions"})


@dataclass(frozen=True, slots=True)
class Table:
    """A file of a set: what it holds, of which split ("" where its name says none), and its rows."""

    path: Path
    role: Role
    split: str
    rows: Rows
    noted: Draft


def named(values: Mapping[str, Any], columns: Sequence[str]) -> str | None:
    """The first of the columns that the row has."""
    return next((column for column in columns if column in values), None)


def find_tables(folder: Path, language: str, draft: Draft) -> list[Table]:
    """The tables of a published set, by path.

    What is no table of it is left out and counted by name; so is another language's.

    Raises
    ------
    DataError
        If the folder has no table.
    """
    if language not in LANGUAGES:
        raise DataError(f"--language is {language!r}", f"use one of {', '.join(sorted(LANGUAGES))}")
    paths = [path for path in sorted(folder.rglob("*")) if _is_table(path, folder)]
    if not paths:
        forms = "corpus, queries and qrels as .parquet, .jsonl, .csv or .tsv, or a SQuAD file"
        raise DataError(f"{folder} holds no table of an evaluation set", f"name a folder of {forms}")
    tables = []
    for path in _of_language(paths, folder, language, draft):
        values, rows, noted = first_row(path)
        role = _role(values, _words(path, folder))
        if role is None and not noted.problems:
            columns = ", ".join(sorted(values)) or "none"
            draft.counted[f"file {path.relative_to(folder)} is no corpus, queries or qrels ({columns})"] += 1
        elif role is None:
            draft.problems += noted.problems
        else:
            tables.append(Table(path, role, _split(path, folder), rows, noted))
    return tables


def of_split(tables: Sequence[Table], role: Role, split: str, draft: Draft) -> list[Table]:
    """The tables of a role for a split: its own, else those of the one split (or none) that there is."""
    every = [table for table in tables if table.role == role]
    own = [table for table in every if table.split == split] or [table for table in every if not table.split]
    if not own and len({table.split for table in every}) == 1:
        own = every
    if not own:
        found = ", ".join(sorted({table.split for table in every})) or "none"
        what = f"expected a {role} table of the split {split}, found splits: {found}"
        draft.problems.append(Location(Path(role)).problem(what))
    return own


def chosen_split(tables: Sequence[Table], asked: str | None, folder: Path) -> str:
    """The split that is evaluated: the one asked for, else test, dev or train, the first that is judged.

    Raises
    ------
    DataError
        If there are no judgements, or none of that split.
    """
    judged = {table.split or "test" for table in tables if table.role in {"qrels", "pairs"}}
    if asked is not None:
        wanted = SPLITS.get(asked.lower(), asked)
        if wanted in judged:
            return wanted
        found = ", ".join(sorted(judged)) or "none"
        raise DataError(
            f"{folder} has no judgements of the split {asked}; found: {found}", "name one of these"
        )
    for split in PREFERRED:
        if split in judged:
            return split
    raise DataError(f"{folder} has no table of judgements", "add qrels with query-id, corpus-id and score")


def _is_table(path: Path, folder: Path) -> bool:
    inside = path.relative_to(folder)
    return (
        path.is_file() and not any(part.startswith(".") for part in inside.parts) and bool(table_suffix(path))
    )


def _words(path: Path, folder: Path) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", str(path.relative_to(folder)).lower()) if word]


def _of_language(paths: Sequence[Path], folder: Path, language: str, draft: Draft) -> list[Path]:
    """The files of the language where any file names it; those that name no language stay."""
    own = LANGUAGES[language]
    others = frozenset().union(*(names for code, names in LANGUAGES.items() if code != language))
    if not any(own & set(_words(path, folder)) for path in paths):
        return list(paths)
    kept = []
    for path in paths:
        words = set(_words(path, folder))
        if words & others and not words & own:
            draft.counted["files of another language, left out"] += 1
        else:
            kept.append(path)
    return kept


def _role(values: Mapping[str, Any], words: Sequence[str]) -> Role | None:
    if named(values, QUERY_ID) and named(values, DOCUMENT_ID):
        return "qrels"
    if {"question", "answer"} <= values.keys():
        return "pairs"
    of_corpus, of_queries = _CORPUS_WORDS & set(words), _QUERY_WORDS & set(words)
    if named(values, TEXT) and named(values, (*ROW_ID, *DOCUMENT_ID)) and of_corpus and not of_queries:
        return "corpus"
    if named(values, QUERY_TEXT) and named(values, (*ROW_ID, *QUERY_ID)) and of_queries:
        return "queries"
    return None


def _split(path: Path, folder: Path) -> str:
    """The split that the file's name says, else its folders'."""
    inside = path.relative_to(folder)
    for part in reversed(inside.parts):
        words = [word for word in re.split(r"[^a-z0-9]+", part.lower()) if word in SPLITS]
        if words:
            return SPLITS[words[-1]]
    return ""
