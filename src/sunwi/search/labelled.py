"""Labelled questions, natural and synthetic; and the low-overlap part, on which choices are made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.records.row import Split
from sunwi.search.index.terms import overlap_terms
from sunwi.search.passages import Passages
from sunwi.text import overlap
from sunwi.trec import Qrels

if TYPE_CHECKING:
    from sunwi.records.mined import CandidateList
    from sunwi.records.questions import Question
    from sunwi.records.submissions import UnderstoodQuery
    from sunwi.search.retrievers.base import Scores

NATURAL = "natural"


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question and the positions of its relevant passages.

    For a judged document all its chunks are relevant; for a synthetic question the passage it was made from,
    which comes first, and those known to answer it as well.
    """

    qid: str
    text: str
    relevant: tuple[int, ...]
    split: Split
    style: str
    overlap: float
    round_trip_rank: int | None = None  # of its passage, when the question was made; None: not known


def natural_questions(
    understood: Sequence[UnderstoodQuery], qrels: Qrels, passages: Passages, split: Split, tokenizer: str
) -> list[LabelledQuestion]:
    """People's questions that have a relevant document; the others are no ranking task.

    Their ids are prefixed with the split, since both query files may count from 1.

    Raises
    ------
    DataError
        Naming the judged documents that the corpus does not hold.
    """
    chunks: dict[str, list[int]] = {}
    for position, group in enumerate(passages.groups):
        chunks.setdefault(group, []).append(position)
    judged = {
        qid: [docid for docid, grade in sorted(grades.items()) if grade > 0] for qid, grades in qrels.items()
    }
    judged_queries = [query for query in understood if judged.get(query.qid)]
    if unknown := sorted({docid for query in judged_queries for docid in judged[query.qid]} - chunks.keys()):
        what = f"judged as relevant, but not in the corpus: {', '.join(unknown[:20])}"
        raise DataError(what, "run the prepare stage again (dvc repro), or correct the qrels")
    terms = overlap_terms([query.standalone_query for query in judged_queries], tokenizer)
    labelled = []
    for query, words in zip(judged_queries, terms, strict=True):
        relevant = tuple(sorted(position for docid in judged[query.qid] for position in chunks[docid]))
        of_relevant = overlap_terms([passages.texts[position] for position in relevant], tokenizer)
        share = max(overlap(words, terms) for terms in of_relevant)
        qid = f"{split}:{query.qid}"
        labelled.append(LabelledQuestion(qid, query.standalone_query, relevant, split, NATURAL, share))
    return labelled


def synthetic_questions(
    questions: Sequence[Question],
    passages: Passages,
    splits: Collection[str],
    copies: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> list[LabelledQuestion]:
    """Generated questions of some splits.

    Relevant are the passage that a question was made for, first, then by id those that it also came for, and
    the copies of all of them (`copies`: docid to the docids of nearly the same content).

    Raises
    ------
    DataError
        Naming the questions whose passage the corpus does not hold.
    """
    wanted = [question for question in questions if question.split in splits]
    positions = passages.positions_of(
        [question.qid for question in wanted], [question.docid for question in wanted]
    )
    return [
        LabelledQuestion(
            qid=question.qid,
            text=question.question,
            relevant=(position, *_others(question, passages, copies)),
            split=question.split,
            style=question.style,
            overlap=question.overlap,
            round_trip_rank=_rank(question),
        )
        for question, position in zip(wanted, positions, strict=True)
    ]


def _others(question: Question, passages: Passages, copies: Mapping[str, frozenset[str]]) -> list[int]:
    named = {question.docid, *(question.also or ())}
    answering = named.union(*(copies.get(docid, frozenset()) for docid in named)) - {question.docid}
    return sorted(passages.position[docid] for docid in answering if docid in passages.position)


def _rank(question: Question) -> int | None:
    rank = question.checks.get("rank")
    return rank if isinstance(rank, int) else None


def low_overlap(
    questions: Sequence[LabelledQuestion] | Sequence[CandidateList],
    threshold: float,
    minimum: int,
    limit: int | None = None,
) -> list[int]:
    """Rows of the questions whose overlap is at most `threshold`; at least the `minimum` lowest of them,
    and the `limit` lowest at most.

    Synthetic questions copy their passage: what is chosen on all of them misleads (a BM25 weight fitted so
    is off by a factor; see docs/architecture.md).
    """
    order = sorted(range(len(questions)), key=lambda row: (questions[row].overlap, questions[row].qid))
    below = sum(question.overlap <= threshold for question in questions)
    return sorted(order[: max(below, minimum)][:limit])


def first_relevant_rank(scores: Scores, relevant: Sequence[tuple[int, ...]]) -> npt.NDArray[np.int64]:
    """Rank of each query's best relevant passage; scores [queries, passages]; ties are broken by position."""
    ranks = np.empty(len(scores), dtype=np.int64)
    for row, (of_query, positions) in enumerate(zip(scores, relevant, strict=True)):
        best = min(positions, key=lambda position: (-of_query[position], position))
        above = np.count_nonzero(of_query > of_query[best])
        ranks[row] = 1 + above + np.count_nonzero(of_query[:best] == of_query[best])
    return ranks
