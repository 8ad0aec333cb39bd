"""Failures into training questions: each question and its paraphrases, against passages that look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.records.failures import AugmentedFailure, Failure
from sunwi.train.targeted.failures import UNTRAINABLE, IsExcluded
from sunwi.train.targeted.paraphrase import paraphrases

Neighbours = Callable[[str], Sequence[str]]  # docid to the docids nearest to it, nearest first
Negative = dict[str, str | None]
ORIGINAL = "original"
MORPHOLOGICAL = "morphological"
NEAREST = 50  # neighbours of a beating passage that are looked at


def nearest_passages(
    vectors: npt.NDArray[np.float16], docids: Sequence[str], count: int = NEAREST
) -> Neighbours:
    """By the passages' vectors, [passages, dimensions], in the order of `docids`; ties by that order."""
    exact = vectors.astype(np.float32)
    position = {docid: row for row, docid in enumerate(docids)}

    def neighbours(docid: str) -> list[str]:
        near = exact @ exact[position[docid]]
        return [docids[row] for row in np.argsort(-near, kind="stable")[:count]]

    return neighbours


def augment_failures(
    failures: Sequence[Failure],
    texts: Mapping[str, str],
    neighbours: Neighbours,
    is_excluded: IsExcluded,
    wanted_paraphrases: int,
    wanted_negatives: int,
) -> tuple[list[AugmentedFailure], dict[str, Any]]:
    """Questions to train on without a language model, and the counts.

    Negatives are the beating passage and those nearest to it that are not known to answer. A failure whose
    label is doubtful, or whose passage was not retrieved, gives none.
    """
    rows: list[AugmentedFailure] = []
    for failure in trainable(failures):
        near = near_negatives(failure, texts, neighbours, is_excluded, wanted_negatives)
        rows += rows_of(failure, paraphrases(failure.query, wanted_paraphrases), near, MORPHOLOGICAL)
    return rows, augment_metrics(failures, rows)


def trainable(failures: Sequence[Failure]) -> list[Failure]:
    """Those that a reranker can learn from, by id."""
    chosen = [failure for failure in failures if failure.category not in UNTRAINABLE]
    return sorted(chosen, key=Failure.sort_key)


def near_negatives(
    failure: Failure,
    texts: Mapping[str, str],
    neighbours: Neighbours,
    is_excluded: IsExcluded,
    wanted: int,
) -> list[Negative]:
    """The beating passage, then its neighbours that are not known to answer; `wanted` at most."""
    near = (docid for docid in neighbours(failure.beaten_by) if docid != failure.beaten_by)
    chosen = [failure.beaten_by]
    for docid in near:
        if len(chosen) >= wanted:
            break
        if not is_excluded(failure.query, failure.positive, docid):
            chosen.append(docid)
    return [{"docid": docid, "text": texts[docid]} for docid in chosen]


def rows_of(
    failure: Failure, others: Sequence[str], negatives: Sequence[Negative], generator: str
) -> list[AugmentedFailure]:
    """The failure's own question and its other wordings, all against the same passages."""
    wordings = [(failure.query, ORIGINAL), *((text, generator) for text in others)]
    return [
        AugmentedFailure(
            qid=f"{failure.qid}#{number:02d}",
            source=failure.qid,
            query=text,
            positive=failure.positive,
            negatives=list(negatives),
            generator=made_by,
        )
        for number, (text, made_by) in enumerate(wordings)
    ]


def augment_metrics(failures: Sequence[Failure], rows: Sequence[AugmentedFailure]) -> dict[str, Any]:
    """Failures, how many were used, why the others were not, and questions by their generator."""
    left_out = Counter(failure.category for failure in failures if failure.category in UNTRAINABLE)
    return {
        "failures": len(failures),
        "used": len({row.source for row in rows}),
        "left_out": dict(sorted(left_out.items())),
        "questions": dict(sorted(Counter(row.generator for row in rows).items())),
        "negatives": sum(len(row.negatives) for row in rows if row.generator == ORIGINAL),
    }
