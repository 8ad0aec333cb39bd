"""BEIR folders (Thakur et al. 2021): corpus.jsonl, queries.jsonl, qrels/{train,dev,test}.tsv or like them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.identifiers import KnownIds
from sunwi.corpus.importer import Importer
from sunwi.corpus.jsonl import read_objects
from sunwi.corpus.judgements import DANGLING, read_judgements, without_dangling
from sunwi.corpus.rows import GivenQuestion, Judgement
from sunwi.corpus.unpacking import PACKED_SUFFIXES
from sunwi.errors import DataError
from sunwi.records.corpus import Document, Message, Query
from sunwi.records.row import Identifier, Row
from sunwi.text import is_visible

SPLITS = {
    "test": "test",
    "dev": "dev",
    "validation": "dev",
    "valid": "dev",
    "val": "dev",
    "train": "train",
    "training": "train",
}
_TABLES = frozenset({".tsv", ".txt", ".trec", ".qrels", ".qrel"})
_NAMES = {"docid": "_id", "content": "text", "title": "title"}


class BeirQuery(Row):
    """One line of queries.jsonl."""

    qid: Identifier
    text: str


def read_beir(
    folder: Annotated[Path, "Folder of corpus.jsonl, queries.jsonl and qrels/*.tsv."],
    *,
    drop_dangling: Annotated[
        bool, "Leave out, counted, judgements of queries and documents that are not there."
    ] = False,
) -> Draft:
    """Read a BEIR folder.

    The test split becomes queries and qrels, the dev split the dev set, and the train split's queries
    become given questions of their relevant documents. With no qrels at all every query is one to answer.
    The splits' usual names are known in any case (`SPLITS`); a file of judgements of another is a fault.
    A qrels file beside the corpus that names no split is the test split.
    """
    draft = Draft(drops_dangling=True)
    for place, values in read_objects(_plain_or_packed(folder / "corpus.jsonl"), draft):
        row = draft.parse(place, Document, _with_text(values, draft), _NAMES)
        if row is not None:
            draft.documents.append((place, row))
    queries = _read_queries(_plain_or_packed(folder / "queries.jsonl"), draft)
    judged: dict[str, list[tuple[Location, Judgement]]] = {"test": [], "dev": [], "train": []}
    docids, qids = KnownIds(document.docid for _, document in draft.documents), KnownIds(queries)
    files = _judgement_files(folder, draft)
    for split, path in files.items():
        judged[split] = list(read_judgements(path, draft, qids, docids))
    if drop_dangling:
        if not files:
            what = f"--drop-dangling has no effect: {folder} has no judgements"
            raise DataError(what, "leave it out, or add qrels/test.tsv")
        judged = {split: without_dangling(rows, qids, docids, draft) for split, rows in judged.items()}
    draft.qrels, draft.dev_qrels = judged["test"], _of_one_split(judged["dev"], judged["test"], draft)
    wanted = {split: {judgement.qid for _, judgement in rows} for split, rows in judged.items()}
    unsplit = not any(wanted.values())
    for qid, (place, text) in queries.items():
        query = Query(eval_id=qid, messages=[Message(role="user", content=text)])
        if unsplit or qid in wanted["test"]:
            draft.queries.append((place, query))
        elif qid in wanted["dev"]:
            draft.dev_queries.append((place, query))
        elif qid not in wanted["train"]:
            draft.counted["queries without a judgement in any split, left out"] += 1
    _add_questions(judged["train"], queries, qids, docids, wanted["test"] | wanted["dev"], draft)
    return draft


def _plain_or_packed(path: Path) -> Path:
    """The file, or the one beside it that gzip packed, as the sets are published."""
    packed = path.with_name(f"{path.name}.gz")
    return packed if packed.is_file() and not path.exists() else path


def _of_one_split(
    dev: Iterable[tuple[Location, Judgement]], test: Iterable[tuple[Location, Judgement]], draft: Draft
) -> list[tuple[Location, Judgement]]:
    """The dev judgements without those of test queries, which are a fault: dev is tuned on, test is not."""
    in_test = {judgement.qid: place for place, judgement in reversed(list(test))}
    kept, named = [], set()
    for place, judgement in dev:
        if judgement.qid not in in_test:
            kept.append((place, judgement))
        elif judgement.qid not in named:
            named.add(judgement.qid)
            what = f"query {judgement.qid!r} is in two splits: it is judged at {in_test[judgement.qid]} too"
            draft.problems.append(place.problem(f"{what}; keep it in one of them"))
    return kept


def _judgement_files(folder: Path, draft: Draft) -> dict[str, Path]:
    """The file of each split; one that would not be read is a fault, and so is a second of a split."""
    inside = sorted((folder / "qrels").iterdir()) if (folder / "qrels").is_dir() else []
    beside = sorted(folder.iterdir()) if folder.is_dir() else []
    found: dict[str, Path] = {}
    for path in [*inside, *(path for path in beside if path.is_file() and _is_of_judgements(path))]:
        if path.name.startswith("."):
            continue
        split = _split(path)
        if split is None:
            known = ", ".join(f"{name}.tsv" for name in SPLITS)
            what = f"expected judgements of a split under a name of it ({known}); rename or remove the file"
            draft.problems.append(Location(path).problem(what))
        elif split in found:
            what = f"the {split} split's judgements are in {found[split].name} already; keep one of the two"
            draft.problems.append(Location(path).problem(what))
        else:
            found[split] = path
    return found


def _is_of_judgements(path: Path) -> bool:
    name = path.name.lower()
    return "qrel" in name or (".tsv" in path.suffixes and _split(path) is not None)


def _split(path: Path) -> str | None:
    """The split that a file's name says, such as test.tsv, Validation.TSV, qrels.dev.tsv or qrels.tsv."""
    plain = path.with_suffix("") if path.suffix.lower() in PACKED_SUFFIXES else path
    if plain.suffix.lower() not in _TABLES or path.is_dir():
        return None
    words = [word for word in re.split(r"[._-]", plain.stem.lower()) if word not in {"qrels", "qrel", ""}]
    return SPLITS.get(words[0]) if len(words) == 1 else None if words else "test"


def _with_text(values: dict[str, Any], draft: Draft) -> dict[str, Any]:
    """Public sets hold documents of a title alone; the title is their content then."""
    title = values.get("title") or None
    if values.get("text") == "" and title:
        draft.counted["documents without text, their title is the content"] += 1
        return {**values, "text": title, "title": None}
    return {**values, "title": title}


def _read_queries(path: Path, draft: Draft) -> dict[str, tuple[Location, str]]:
    queries: dict[str, tuple[Location, str]] = {}
    for place, values in read_objects(path, draft):
        row = draft.parse(place, BeirQuery, values, {"qid": "_id", "text": "text"})
        if row is None:
            continue
        if row.qid in queries:
            before = queries[row.qid][0]
            draft.problems.append(place.problem(f"query id {row.qid!r} was given before, at {before}"))
        else:
            queries[row.qid] = (place, row.text)
    return queries


def _add_questions(
    judged: Iterable[tuple[Location, Judgement]],
    queries: dict[str, tuple[Location, str]],
    qids: KnownIds,
    docids: KnownIds,
    held_out: set[str],
    draft: Draft,
) -> None:
    for place, (qid, docid, grade) in judged:
        if qid not in queries:
            draft.problems.append(place.problem(f"{DANGLING} query {qids.unknown(qid)}"))
        elif qid in held_out:
            draft.counted["train judgements of test or dev queries, left out"] += 1
        elif grade == 0:
            draft.counted["train judgements of grade 0, left out"] += 1
        elif docid not in docids:
            draft.problems.append(place.problem(f"{DANGLING} document {docids.unknown(docid)}"))
        elif not is_visible(queries[qid][1]):
            draft.problems.append(queries[qid][0].problem("field 'text' is empty"))
        else:
            draft.questions.append(
                (place, GivenQuestion(docid=docid, question=queries[qid][1], source="train"))
            )


IMPORTER = Importer(
    read_beir, "A BEIR folder: test is evaluated, dev is the dev set, train gives questions to train on."
)
