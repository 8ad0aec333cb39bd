"""An evaluation set from a folder or file: a published layout, a source folder of sunwi, or SQuAD's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.identifiers import KnownIds
from sunwi.corpus.importers.squad import read_squad
from sunwi.corpus.judgements import without_dangling
from sunwi.corpus.rows import Judgement
from sunwi.corpus.sets import layout
from sunwi.corpus.sets.layout import Table, chosen_split, find_tables, named, of_split
from sunwi.corpus.sets.table_rows import first_row
from sunwi.corpus.source import NEXT_STEP, Source, assemble, read_source
from sunwi.errors import DataError, InputProblems
from sunwi.records.corpus import Document, Message, Query
from sunwi.text import is_visible
from sunwi.trec import Qrels


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """A set to measure on.

    `queries` are those with a relevant document, by id. `counted` says what was left out, by reason.
    """

    name: str
    split: str
    documents: list[Document]
    queries: list[Query]
    qrels: Qrels
    counted: dict[str, int]


def read_set(
    path: Path, name: str, *, split: str | None = None, language: str = "ko", drop_dangling: bool = False
) -> EvaluationSet:
    """Read a set; what it is follows from its files.

    A folder with sunwi's corpus.jsonl (docid, content) is a source folder: its queries and qrels, or where
    it has none its given questions. A .json file, or a folder of them alone, is SQuAD's form. Else the
    tables are found as the public sets have them (`layout`): BEIR and MTEB folders in JSON lines or Parquet
    (AutoRAG, Ko-StrategyQA), MIRACL in its first form and in MTEB's, PublicHealthQA's table of questions and
    answers. Queries without a judgement in the split are left out, as MTEB does.

    Raises
    ------
    InputProblems
        With every fault of every file.
    DataError
        If the path holds no set, or no query has a relevant document.
    """
    if not path.exists():
        raise DataError(f"there is no {path}", "name a folder with a corpus, queries and qrels")
    draft, split = _read(path, split, language, drop_dangling=drop_dangling)
    source = assemble(draft)
    queries, qrels = _judged(source)
    if not queries:
        raise DataError(f"no query of {path} has a relevant document", "check its qrels and --split")
    return EvaluationSet(name, split, source.documents, queries, qrels, dict(sorted(draft.counted.items())))


def _read(path: Path, split: str | None, language: str, *, drop_dangling: bool) -> tuple[Draft, str]:
    squad = [path] if path.is_file() else sorted(path.glob("*.json"))
    if path.is_dir() and _is_source(path):
        return read_source(path), "test"
    if squad and (path.is_file() or not any(path.glob("*.jsonl"))) and not _is_lines(squad[0]):
        return read_squad(squad), "test"
    if path.is_file():
        raise DataError(f"{path} is one file and not of SQuAD's form", "name the set's folder")
    draft = Draft(drops_dangling=True)
    tables = find_tables(path, language, draft)
    if draft.problems:
        raise InputProblems(draft.problems, NEXT_STEP)
    chosen = chosen_split(tables, split, path)
    _fill(tables, chosen, draft, drop_dangling=drop_dangling)
    return draft, chosen


def _is_source(folder: Path) -> bool:
    corpus = folder / "corpus.jsonl"
    return corpus.exists() and {"docid", "content"} <= first_row(corpus)[0].keys()


def _is_lines(path: Path) -> bool:
    """Whether a .json file holds rows, not one SQuAD document."""
    return "data" not in first_row(path)[0] and not _is_document(path)


def _is_document(path: Path) -> bool:
    with path.open("rb") as file:
        return b'"data"' in file.read(4096)


def _judged(source: Source) -> tuple[list[Query], Qrels]:
    """Queries with a relevant document; those of the given questions where there are no queries."""
    queries, qrels = source.queries, source.qrels
    if not queries:
        asked = [(f"q{number:06d}", row) for number, row in enumerate(source.questions, start=1)]
        queries = [_query(qid, row.question) for qid, row in asked]
        qrels = {qid: {row.docid: 1} for qid, row in asked}
    relevant = {qid for qid, grades in qrels.items() if any(grade > 0 for grade in grades.values())}
    kept = [query for query in queries if query.qid in relevant]
    return kept, {query.qid: qrels[query.qid] for query in kept}


def _query(qid: str, text: str) -> Query:
    return Query(eval_id=qid, messages=[Message(role="user", content=text)])


def _fill(tables: list[Table], split: str, draft: Draft, *, drop_dangling: bool) -> None:
    if pairs := [table for table in tables if table.role == "pairs"]:
        _add_pairs(of_split(pairs, "pairs", split, draft), draft)
        return
    for table in of_split(tables, "corpus", split, draft):
        _add_documents(table, draft)
    judgements = [
        row for table in of_split(tables, "qrels", split, draft) for row in _judgements(table, draft)
    ]
    judged = {row.qid for _, row in judgements}
    for table in of_split(tables, "queries", split, draft):
        _add_queries(table, judged, draft)
    if drop_dangling:
        known = (
            KnownIds(query.qid for _, query in draft.queries),
            KnownIds(row.docid for _, row in draft.documents),
        )
        judgements = without_dangling(judgements, *known, draft)
    draft.qrels += judgements


def _add_documents(table: Table, draft: Draft) -> None:
    for place, values in _rows(table, draft):
        docid, text = _value(values, (*layout.ROW_ID, *layout.DOCUMENT_ID)), _text(values, layout.TEXT)
        title = _text(values, ("title",)) or None
        if not is_visible(text) and title:
            draft.counted["documents without text, their title is the content"] += 1
            text, title = title, None
        if not is_visible(text):
            draft.counted["documents without text or title, left out"] += 1
            continue
        row = draft.build(place, Document, docid=docid, content=text, title=title)
        draft.documents += [(place, row)] if row else []


def _add_queries(table: Table, judged: set[str], draft: Draft) -> None:
    for place, values in _rows(table, draft):
        qid, text = _value(values, (*layout.ROW_ID, *layout.QUERY_ID)), _text(values, layout.QUERY_TEXT)
        if str(qid) not in judged:
            draft.counted["queries without a judgement in the split, left out"] += 1
        elif draft.check_id(place, "query id", qid):
            draft.queries.append((place, _query(str(qid), draft.text(text, "queries"))))


def _judgements(table: Table, draft: Draft) -> Iterable[tuple[Location, Judgement]]:
    for place, values in _rows(table, draft):
        qid, docid = _value(values, layout.QUERY_ID), _value(values, layout.DOCUMENT_ID)
        grade = _grade(values.get("score", values.get("relevance", 1)))
        if grade is None:
            found = values.get("score", values.get("relevance"))
            draft.problems.append(
                place.problem(f"expected a whole number as score, found {str(found)[:40]!r}")
            )
        elif draft.check_id(place, "query id", qid) and draft.check_id(place, "document id", docid):
            yield place, Judgement(str(qid), str(docid), max(grade, 0))


def _add_pairs(tables: list[Table], draft: Draft) -> None:
    """Questions and answers side by side: each distinct answer is a document, each question a query."""
    documents: dict[str, str] = {}
    queries: dict[str, str] = {}
    judged: set[tuple[str, str]] = set()
    for place, values in (row for table in tables for row in _rows(table, draft)):
        question, answer = _text(values, ("question",)), _text(values, ("answer",))
        if not (is_visible(question) and is_visible(answer)):
            draft.counted["rows without a question or an answer, left out"] += 1
            continue
        if answer not in documents:
            documents[answer] = f"D{len(documents):05d}"
            row = draft.build(place, Document, docid=documents[answer], content=answer)
            draft.documents += [(place, row)] if row else []
        if question not in queries:
            queries[question] = f"Q{len(queries):05d}"
            draft.queries.append((place, _query(queries[question], draft.text(question, "questions"))))
        pair = queries[question], documents[answer]
        if pair in judged:
            draft.counted["rows that repeat exactly, left out"] += 1
        else:
            judged.add(pair)
            draft.qrels.append((place, Judgement(*pair, 1)))


def _rows(table: Table, draft: Draft) -> Iterable[tuple[Location, dict[str, Any]]]:
    """The table's rows; what was noted on the way goes to the set's draft."""
    yield from table.rows
    draft.problems += table.noted.problems
    draft.encodings |= table.noted.encodings


def _value(values: dict[str, Any], columns: tuple[str, ...]) -> Any:
    column = named(values, columns)
    return None if column is None else values[column]


def _text(values: dict[str, Any], columns: tuple[str, ...]) -> str:
    value = _value(values, columns)
    return value if isinstance(value, str) else ""


def _grade(value: Any) -> int | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None
