"""A source folder: what `sunwi import` writes and the `prepare` stage reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.identifiers import KnownIds, difference
from sunwi.corpus.jsonl import read_models
from sunwi.corpus.judgements import DANGLING, read_judgements
from sunwi.corpus.rows import GivenQuestion, Judgement
from sunwi.errors import InputProblems, Problem
from sunwi.records.corpus import Document, Query
from sunwi.records.files import write_rows
from sunwi.records.judged import JUDGED_FILE, JudgedQuery
from sunwi.records.row import Row
from sunwi.text import is_visible, visible_form
from sunwi.trec import Qrels, write_qrels

R = TypeVar("R", bound=Row)
T = TypeVar("T")
SOURCE_FILES = (
    "corpus.jsonl",
    "queries.jsonl",
    "qrels.tsv",
    "dev_queries.jsonl",
    "dev_qrels.tsv",
    "questions.jsonl",
)
NEXT_STEP = "correct the places named above and run again"


@dataclass(frozen=True)
class Source:
    """Documents and, where there are any, evaluation queries, a dev set and given questions; sorted by id."""

    documents: list[Document]
    queries: list[Query]
    qrels: Qrels
    dev_queries: list[Query]
    dev_qrels: Qrels
    questions: list[GivenQuestion]
    judged: list[JudgedQuery] = field(default_factory=list)


def read_source(folder: Path, passages: Sequence[Document] = ()) -> Draft:
    """Read a source folder; only corpus.jsonl must be there, and with passages of files not even this.

    Faults are noted, see `assemble`.
    """
    draft = Draft()
    if not passages or (folder / "corpus.jsonl").exists():
        draft.documents += read_models(folder / "corpus.jsonl", Document, _own_names(Document), draft)
    draft.documents += placed_passages(passages)
    for name, queries in (("queries", draft.queries), ("dev_queries", draft.dev_queries)):
        if (path := folder / f"{name}.jsonl").exists():
            queries.extend(read_models(path, Query, _own_names(Query), draft))
    for name, qrels in (("qrels", draft.qrels), ("dev_qrels", draft.dev_qrels)):
        if (path := folder / f"{name}.tsv").exists():
            queries = draft.queries if name == "qrels" else draft.dev_queries
            known = {query.qid for _, query in queries}, {document.docid for _, document in draft.documents}
            qrels.extend(read_judgements(path, draft, *known, escaped=True))
    if (path := folder / "questions.jsonl").exists():
        draft.questions += read_models(path, GivenQuestion, _own_names(GivenQuestion), draft)
    if (path := folder / JUDGED_FILE).exists():
        draft.judged += read_models(path, JudgedQuery, _own_names(JudgedQuery), draft)
    return draft


def placed_passages(passages: Iterable[Document]) -> Iterator[tuple[Location, Document]]:
    """Passages of files with the file that each is from, for the messages about it."""
    for passage in passages:
        file = passage.source.file if passage.source else passage.docid
        yield Location(Path(file)), passage


def write_source(source: Source, folder: Path, rows_per_shard: int = 0) -> None:
    """Write all six files, empty ones too: nothing of an earlier import may stay beside them.

    What people judged has a file of its own, where they judged.

    Documents and given questions are written in shards, where those are asked for.
    """
    write_rows(folder / "corpus.jsonl", source.documents, rows_per_shard)
    write_rows(folder / "queries.jsonl", source.queries)
    write_qrels(folder / "qrels.tsv", source.qrels)
    write_rows(folder / "dev_queries.jsonl", source.dev_queries)
    write_qrels(folder / "dev_qrels.tsv", source.dev_qrels)
    write_rows(folder / "questions.jsonl", source.questions, rows_per_shard)
    if source.judged:
        write_rows(folder / JUDGED_FILE, source.judged)
    else:
        (folder / JUDGED_FILE).unlink(missing_ok=True)


def assemble(draft: Draft, next_step: str = NEXT_STEP) -> Source:
    """Check the rows of a draft against each other.

    A question that is given twice for a document is kept once and counted in the draft, and so is a query
    whose judgements are all of grade 0.

    Raises
    ------
    InputProblems
        With every fault of the draft and every repeated id, unknown id, id that looks the same as another,
        and text in which nothing can be seen.
    """
    problems = list(draft.problems)
    documents = _by_id(draft.documents, lambda row: row.docid, "docid", problems)
    if not draft.documents and not problems:
        problems.append(Problem("input", None, "expected documents, found none"))
    problems += [
        place.problem("field 'content' is empty, or nothing of it can be seen")
        for place, document in draft.documents
        if not is_visible(document.content)
    ]
    queries = _by_id(draft.queries, lambda row: row.qid, "query id", problems)
    dev_queries = _by_id(draft.dev_queries, lambda row: row.qid, "dev query id", problems)
    problems += [
        place.problem(f"query id {query.qid!r} is an evaluation query too; dev and evaluation must be apart")
        for place, query in draft.dev_queries
        if query.qid in queries
    ]
    judged = _by_id(draft.judged, lambda row: row.qid, "judged query id", problems)
    problems += [
        place.problem(f"judged query {row.qid!r} is not in dev_queries.jsonl")
        for place, row in draft.judged
        if row.qid not in dev_queries
    ]
    problems += [fault for dialogues in (draft.queries, draft.dev_queries) for fault in _unasked(dialogues)]
    docids = KnownIds(documents)
    qrels = _qrels(draft.qrels, KnownIds(queries), docids, problems)
    dev_qrels = _qrels(draft.dev_qrels, KnownIds(dev_queries), docids, problems)
    without = sum(not any(grades.values()) for judged in (qrels, dev_qrels) for grades in judged.values())
    if without:
        draft.counted["queries whose judgements are all of grade 0, without a relevant document"] += without
    questions = _questions(draft, docids, problems)
    if problems:
        if draft.drops_dangling and any(problem.message.startswith(DANGLING) for problem in problems):
            next_step += ", or leave judgements of what is not there out by --drop-dangling"
        raise InputProblems(problems, next_step)
    return Source(
        documents=_sorted(documents.values()),
        queries=_sorted(queries.values()),
        qrels=qrels,
        dev_queries=_sorted(dev_queries.values()),
        dev_qrels=dev_qrels,
        questions=_sorted(questions),
        judged=_sorted(judged.values()),
    )


def _sorted(rows: Iterable[R]) -> list[R]:
    return sorted(rows, key=lambda row: row.sort_key())


def _own_names(model: type[Row]) -> dict[str, str]:
    return {name: name for name in model.model_fields}


def _by_id(
    placed: Sequence[tuple[Location, T]], identify: Callable[[T], str], kind: str, problems: list[Problem]
) -> dict[str, T]:
    rows: dict[str, T] = {}
    first: dict[str, Location] = {}
    by_form: dict[str, str] = {}
    for place, row in placed:
        key = identify(row)
        if key in rows:
            problems.append(place.problem(f"{kind} {key!r} was given before, at {first[key]}"))
            continue
        alike = by_form.setdefault(visible_form(key), key)
        if alike != key:
            what = f"{kind} {key!r} looks the same as one at {first[alike]}: {difference(key, alike)}"
            problems.append(place.problem(what))
        elif not is_visible(key):
            problems.append(place.problem(f"{kind} {key!a} is empty, or nothing of it can be seen"))
        rows[key], first[key] = row, place
    return rows


def _unasked(queries: Sequence[tuple[Location, Query]]) -> list[Problem]:
    return [
        place.problem(f"query {query.qid!r}: the last turn should be the user's and not empty")
        for place, query in queries
        if query.messages[-1].role != "user" or not is_visible(query.messages[-1].content)
    ]


def _qrels(
    placed: Sequence[tuple[Location, Judgement]],
    queries: KnownIds,
    documents: KnownIds,
    problems: list[Problem],
) -> Qrels:
    qrels: Qrels = {}
    first: dict[tuple[str, str], Location] = {}
    for place, (qid, docid, grade) in placed:
        if (qid, docid) in first:
            pair = f"query {qid!r} and document {docid!r}"
            problems.append(place.problem(f"{pair} were judged before, at {first[qid, docid]}"))
            continue
        if qid not in queries:
            problems.append(place.problem(f"{DANGLING} query {queries.unknown(qid)}"))
        if docid not in documents:
            problems.append(place.problem(f"{DANGLING} document {documents.unknown(docid)}"))
        first[qid, docid] = place
        qrels.setdefault(qid, {})[docid] = grade
    return qrels


def _questions(draft: Draft, documents: KnownIds, problems: list[Problem]) -> list[GivenQuestion]:
    kept: dict[tuple[str, str], GivenQuestion] = {}
    for place, question in draft.questions:
        if question.docid not in documents:
            problems.append(place.problem(f"unknown document {documents.unknown(question.docid)}"))
        if not is_visible(question.question):
            problems.append(place.problem("field 'question' is empty, or nothing of it can be seen"))
        if question.sort_key() in kept:
            draft.counted["given questions that repeat exactly, kept once"] += 1
        else:
            kept[question.sort_key()] = question
    return list(kept.values())
