"""Failure notes (오답 노트) of the reranked lists: which passage beat the positive, by how much, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.records.failures import Failure
from sunwi.search.rerank.blend import ScoredList, blend, order_of
from sunwi.train.reranker.quality import quality
from sunwi.train.targeted.failure_categories import CATEGORIES, Reading, category_of, read

if TYPE_CHECKING:
    from sunwi.records.mined import Candidate, CandidateList

NOT_RETRIEVED = "not_retrieved"
DOUBTFUL = "label_doubtful"
UNTRAINABLE = frozenset({NOT_RETRIEVED, DOUBTFUL})  # no reranker can rank the first; the second may be right
IsExcluded = Callable[[str, str, str], bool]  # question, positive, candidate


def collect_failures(
    lists: Sequence[CandidateList],
    scored: Sequence[ScoredList],
    weights: Mapping[str, float],
    positives: Mapping[str, Sequence[str]],
    texts: Mapping[str, str],
    groups: Mapping[str, str],
    is_excluded: IsExcluded,
    near_topic: float,
) -> list[Failure]:
    """A note for every question whose positive the blend does not rank first.

    Parameters
    ----------
    scored
        Each list's candidates under every scorer, cut where the blend ends.
    positives
        Question id to the passages labelled as its answer.
    groups
        Docid to the document that the passage came from.
    is_excluded
        Whether a candidate is known to answer beside the positive.
    near_topic
        Jaccard of two passages' morphemes from which they are of one topic.
    """
    failed: list[tuple[CandidateList, ScoredList, Candidate | None, Candidate, int | None]] = []
    for question, scored_list in zip(lists, scored, strict=True):
        order = order_of(blend(scored_list.scores, weights))
        hits = np.flatnonzero(scored_list.relevant[order])
        if len(hits) and hits[0] == 0:
            continue
        positive = question.candidates[int(order[hits[0]])] if len(hits) else None
        rank = int(hits[0]) + 1 if len(hits) else None
        failed.append((question, scored_list, positive, question.candidates[int(order[0])], rank))
    readings = _readings(failed, positives, texts)
    notes = []
    for question, scored_list, positive, beating, rank in failed:
        docid = positive.docid if positive else positives[question.qid][0]
        margins = _margins(question, scored_list, weights, positive, beating)
        if positive is None:
            category = NOT_RETRIEVED
        elif is_excluded(question.query, docid, beating.docid):
            category = DOUBTFUL
        else:
            category = category_of(
                readings[question.query],
                readings[texts[docid]],
                readings[texts[beating.docid]],
                {name: margin for name, margin in margins.items() if name != "blend"},
                near_topic,
            )
        notes.append(
            Failure(
                qid=question.qid,
                query=question.query,
                split=question.split,
                documents=sorted({groups[name] for name in positives[question.qid]}),
                positive=docid,
                positive_rank=rank,
                beaten_by=beating.docid,
                category=category,
                margin=margins.pop("blend", 0.0),
                margins=margins,
                positive_text=texts[docid],
                beating_text=texts[beating.docid],
            )
        )
    return notes


def failure_metrics(
    lists: Sequence[CandidateList],
    failures: Sequence[Failure],
    hits: npt.NDArray[np.bool_],
) -> dict[str, Any]:
    """Per split: questions, solved, failed, Hit@1, MRR, nDCG@10, failures by category, and the trainable.

    Parameters
    ----------
    hits
        Which places of the blend's order are relevant, shape [lists, places].
    """
    counts = Counter(question.split for question in lists)
    metrics: dict[str, Any] = {}
    for split in sorted(counts):
        of_split = [failure for failure in failures if failure.split == split]
        kinds = Counter(failure.category for failure in of_split)
        metrics[split] = {
            "questions": counts[split],
            "solved": counts[split] - len(of_split),
            "failed": len(of_split),
            **quality(hits[[question.split == split for question in lists]]),
            "trainable": sum(failure.category not in UNTRAINABLE for failure in of_split),
            "categories": {kind: kinds[kind] for kind in (NOT_RETRIEVED, DOUBTFUL, *CATEGORIES)},
        }
    return metrics


def _readings(
    failed: Sequence[tuple[CandidateList, ScoredList, Candidate | None, Candidate, int | None]],
    positives: Mapping[str, Sequence[str]],
    texts: Mapping[str, str],
) -> dict[str, Reading]:
    needed = {question.query for question, *_ in failed}
    for question, _, positive, beating, _ in failed:
        needed |= {texts[beating.docid], texts[positive.docid if positive else positives[question.qid][0]]}
    return read(sorted(needed))


def _margins(
    question: CandidateList,
    scored_list: ScoredList,
    weights: Mapping[str, float],
    positive: Candidate | None,
    beating: Candidate,
) -> dict[str, float]:
    """The beating passage's lead under the blend and each scorer; empty without a positive."""
    if positive is None:
        return {}
    docids = [candidate.docid for candidate in question.candidates]
    positive_row, beating_row = docids.index(positive.docid), docids.index(beating.docid)
    scores = {**scored_list.scores, "blend": blend(scored_list.scores, weights)}
    return {
        name: round(float(values[beating_row] - values[positive_row]), 5)
        for name, values in sorted(scores.items())
    }
