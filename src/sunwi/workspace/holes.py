"""Pool members that nobody graded, graded by the language model: lines that are marked as a machine's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sunwi.judging.merging import Held
from sunwi.judging.pools import PooledDocument, PooledQuery
from sunwi.judging.records import JudgementLine, Pair, people
from sunwi.llm.task import Completer
from sunwi.llm_judge.calibration import Calibration, JudgedByPeople
from sunwi.llm_judge.rubric import Graded, grade_pairs
from sunwi.llm_judge.rubric import Pair as Asked
from sunwi.runtime import text_hash


@dataclass(frozen=True, slots=True)
class Hole:
    """A document of the pool without a person's grade."""

    query: PooledQuery
    document: PooledDocument
    text: str

    @property
    def pair(self) -> Pair:
        """What is to be graded."""
        return self.query.split, self.query.qid, self.document.docid


def machine_name(model: str) -> str:
    """The judge's name of a model: its file in data/judgements.

    Examples
    --------
    >>> machine_name("upstage/solar-pro2")
    'llm-upstage-solar-pro2'
    """
    return "llm-" + re.sub(r"[^\w.-]", "-", model)[:36]


def holes_of(pool: Sequence[PooledQuery], held: Held, name: str, texts: Mapping[str, str]) -> list[Hole]:
    """Documents of the pool that no person graded, nor this machine in their present text.

    Queries that a person calls chit-chat or unclear have none.
    """
    graded, whole = set[Pair](), set[tuple[str, str]]()
    for lines in people(held).values():
        graded |= {pair for pair, line in lines.items() if line.grade is not None}
        whole |= {pair[:2] for pair in lines if not pair[2]}
    done = {(pair, line.shown) for pair, line in held.get(name, {}).items()}
    holes = [
        Hole(query, document, texts[document.passage])
        for query in pool
        for document in query.documents
        if document.passage in texts and (query.split, query.qid) not in whole
    ]
    return [
        hole for hole in holes if hole.pair not in graded and (hole.pair, text_hash(hole.text)) not in done
    ]


def lines_for_holes(
    client: Completer, holes: Sequence[Hole], passage_chars: int
) -> tuple[list[JudgementLine], Counter[str]]:
    """A line for every hole that the model graded, and its answers by status.

    Raises
    ------
    LlmError
        If the run must stop, or a pair got no answer in all tries.
    """
    asked = [Asked(":".join(hole.pair), hole.query.query, hole.text) for hole in holes]
    outcomes = grade_pairs(client, asked, passage_chars)
    lines = [
        _line(client.model, hole.pair, hole.query.query, hole.text, outcome.value, random=hole.query.random)
        for hole, outcome in zip(holes, outcomes, strict=True)
        if outcome.value is not None
    ]
    return lines, Counter[str](outcome.status for outcome in outcomes)


def lines_of_calibration(
    model: str, found: Calibration, pairs: Sequence[JudgedByPeople], held: Held
) -> list[JudgementLine]:
    """Lines for the pairs that people graded, too: the agreement can be computed again from the files."""
    done = {(pair, line.shown) for pair, line in held.get(machine_name(model), {}).items()}
    return [
        _line(model, one.pair, one.query, one.passage, found.grades[one.pair])
        for one in pairs
        if one.pair in found.grades and (one.pair, text_hash(one.passage)) not in done
    ]


def _line(
    model: str, pair: Pair, query: str, text: str, graded: Graded, *, random: bool = False
) -> JudgementLine:
    split, qid, docid = pair
    return JudgementLine.model_validate(
        {
            "judge": machine_name(model), "split": split, "qid": qid, "docid": docid, "kind": "grade",
            "grade": graded.grade, "note": graded.reason, "query": query, "shown": text_hash(text),
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "random": random, "machine": True,
        }
    )  # fmt: skip
