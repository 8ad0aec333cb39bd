"""The judging desk: what a judge sees next, and the line that each key appends; variants are never named."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from sunwi.errors import DataError
from sunwi.judging.places import JUDGEMENTS
from sunwi.judging.pools import PooledQuery, PoolSettings
from sunwi.judging.records import (
    OF_QUERY,
    JudgementLine,
    Kind,
    SplitName,
    append_line,
    machines,
    people,
    read_lines,
    standing,
)
from sunwi.runtime import text_hash
from sunwi.serve.engine import Engine
from sunwi.serve.pooling import add_to_pool, pool_of_split, pool_of_texts
from sunwi.workspace.judgements import read_pool

JUDGES = 2  # of a doubled query
QueryId = Annotated[str, Field(min_length=1, max_length=1000)]
JudgeName = Annotated[str, Field(pattern=r"^[\w.-]{1,40}$")]


class Judged(BaseModel):
    """One key press."""

    model_config = ConfigDict(extra="forbid")

    judge: JudgeName
    place: Annotated[int, Field(ge=0)]
    docid: Annotated[str, Field(max_length=1000)] = ""
    kind: Kind
    grade: Annotated[int, Field(ge=0, le=3)] | None = None
    note: Annotated[str, Field(max_length=2000)] = ""


class Typed(BaseModel):
    """A query that somebody types at the desk."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(min_length=1, max_length=4000)]


class Chosen(BaseModel):
    """Queries of the evaluation or dev to pool, as a report's link names them."""

    model_config = ConfigDict(extra="forbid")

    split: Literal["test", "dev"]
    qids: Annotated[list[QueryId], Field(min_length=1, max_length=100)]


def desk_routes(engine: Engine) -> APIRouter:
    """The desk's own paths."""
    router, writing = APIRouter(prefix="/desk", include_in_schema=False), threading.Lock()
    folder = engine.workspace.path(JUDGEMENTS)

    @router.get("/state")
    def state(
        judge: JudgeName,
        split: SplitName = "test",
        qid: Annotated[list[QueryId] | None, Query(max_length=100)] = None,
    ) -> dict[str, Any]:
        """What this judge is to judge, and what is judged; with `qid` these, whoever judged them."""
        return desk_state(engine, judge, {(split, one) for one in qid or ()})

    @router.post("/judgements")
    def judge(judged: Judged) -> dict[str, Any]:
        """Append one line."""
        query = _query(read_pool(engine.workspace), judged.place)
        passages = {document.docid: document.passage for document in query.documents}
        of_query = judged.kind in OF_QUERY or (judged.kind == "undo" and not judged.docid)
        if not of_query and judged.docid not in passages:
            raise DataError(f"{judged.docid[:80]!r} is not in the pool of this query", "reload the desk")
        if (judged.kind == "grade") != (judged.grade is not None) or (
            judged.kind in OF_QUERY and judged.docid
        ):
            raise DataError("the grade or document does not fit the kind", "reload the desk")
        if judged.judge in machines(standing(read_lines(folder))):
            raise DataError(f"{judged.judge!r} is a language model's name", "enter another name")
        text = "" if of_query else engine.documents[passages[judged.docid]].text
        line = JudgementLine(
            judge=judged.judge, split=query.split, qid=query.qid, docid=judged.docid, kind=judged.kind,
            grade=judged.grade, note=judged.note, at=datetime.now(UTC).isoformat(timespec="seconds"),
            query=query.query, shown=text_hash(text) if text else "", random=query.random,
        )  # fmt: skip
        with writing:
            append_line(folder, line)
        return {"saved": True}

    @router.post("/queries")
    async def add(typed: Typed) -> dict[str, Any]:
        """Pool a query that is typed here."""

        def work() -> int:
            rows = pool_of_texts(engine.workspace, [typed.query], [], PoolSettings())
            return add_to_pool(engine.workspace, rows)

        return {"added": await engine.call(work)}

    @router.post("/pool")
    async def pool(chosen: Chosen) -> dict[str, Any]:
        """Pool queries of the project that a link names."""

        def work() -> int:
            rows = pool_of_split(engine.workspace, chosen.split, [], PoolSettings(), chosen.qids)
            return add_to_pool(engine.workspace, rows)

        return {"added": await engine.call(work)}

    return router


def desk_state(
    engine: Engine, judge: str, asked: Collection[tuple[str, str]] = frozenset()
) -> dict[str, Any]:
    """Queries for a judge with their documents' texts, the judge's own lines, and the seconds a line took.

    Parameters
    ----------
    asked
        Queries that are shown though others judged them.
    """
    lines = read_lines(engine.workspace.path(JUDGEMENTS))
    held = standing(lines)
    own = held.get(judge, {})
    by_query: dict[tuple[str, str], set[str]] = {}
    for name, of_judge in people(held).items():  # a machine's grade replaces nobody's
        for split, qid, _ in of_judge:
            by_query.setdefault((split, qid), set()).add(name)
    queries = []
    pool = read_pool(engine.workspace)
    for query in pool:
        others = by_query.get((query.split, query.qid), set()) - {judge}
        mine = judge in by_query.get((query.split, query.qid), set())
        key = (query.split, query.qid)
        if not mine and key not in asked and len(others) >= (JUDGES if query.doubled else 1):
            continue
        whole = own.get((query.split, query.qid, ""))
        queries.append(
            {
                "place": query.place,
                "split": query.split,
                "qid": query.qid,
                "query": query.query,
                "second": bool(others),
                "verdict": whole.kind if whole else None,
                "documents": [
                    _document(
                        engine,
                        document.docid,
                        document.passage,
                        own.get((query.split, query.qid, document.docid)),
                    )
                    for document in query.documents
                ],
            }
        )
    times = sorted(
        (later - earlier).total_seconds()
        for earlier, later in _consecutive([line.at for line in lines if line.judge == judge])
    )
    seconds = times[len(times) // 2] if times else 12.0
    return {
        "judge": judge,
        "queries": queries,
        "pooled": [f"{query.split}/{query.qid}" for query in pool],
        "seconds": seconds,
        "history": _history(lines, judge, queries),
    }


def _history(lines: list[JudgementLine], judge: str, queries: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Place and document of the judge's lines that stand, in the order of judging: what undo takes back."""
    done: list[tuple[str, str, str]] = []
    for line in lines:
        if line.judge != judge:
            continue
        if line.kind != "undo":
            done.append(line.pair)
        elif line.pair in done:
            del done[len(done) - 1 - done[::-1].index(line.pair)]
    places = {(query["split"], query["qid"]): query["place"] for query in queries}
    return [(places[pair[:2]], pair[2]) for pair in done if pair[:2] in places]


def _document(engine: Engine, docid: str, passage: str, line: JudgementLine | None) -> dict[str, Any]:
    document = engine.documents.get(passage)
    if document is None:
        raise DataError(
            f"the pool's passage {passage!r} is not in the corpus", "make a new pool: sunwi judge pool"
        )
    judged = None if line is None else {"kind": line.kind, "grade": line.grade, "note": line.note}
    return {"docid": docid, "title": document.title, "content": document.content, "judged": judged}


def _consecutive(stamps: list[str]) -> list[tuple[datetime, datetime]]:
    times = [datetime.fromisoformat(stamp) for stamp in stamps]
    pairs = pairwise(times)
    return [(earlier, later) for earlier, later in pairs if 0 < (later - earlier).total_seconds() < 300]


def _query(pool: list[PooledQuery], place: int) -> PooledQuery:
    if place >= len(pool):
        raise DataError(f"the pool has no query {place}", "reload the desk")
    return pool[place]
