"""Arbiter: where two variants disagree on the first place, a judge or a reranker decides between the two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.llm.task import Completer
from sunwi.llm_judge.preference import Contest, Preferred, prefer
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.submit.swap import FIRST_RANK, OTHER_RANK

ARBITER = "arbiter"  # evidence: who decided
Score = Callable[[Sequence[tuple[str, str]]], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class FirstPlaceJudge:
    """The language model that compares two passages, or the reason why it may not."""

    client: Completer | None
    why: str
    passage_chars: int


@dataclass(frozen=True, slots=True)
class Arbitrated:
    """Rankings after the decisions, by query, and the counts."""

    rankings: dict[str, Ranking]
    metrics: dict[str, Any]


def arbitrate(
    first: Mapping[str, Ranking],
    other: Mapping[str, Ranking],
    queries: Mapping[str, str],
    passage_text: Mapping[str, str],
    judge: FirstPlaceJudge | None,
    scorer: tuple[str, Score],
) -> Arbitrated:
    """`first`, with the document that `other` has first in front where the arbiter prefers it.

    Asked are the queries alone whose two first documents differ. The judge sees both orders; where they
    contradict, are even or have no answer, and where there is no judge or it is not used, the higher score
    of the reranker decides, equal scores for `first`. Each of these ends is counted, and is among the
    query's fallbacks. Scores stay with the places.

    Parameters
    ----------
    first, other
        Query id to ranking, for the same queries.
    queries
        Query id to what is searched for.
    passage_text
        Passage id to text.
    judge
        None: the reranker alone was asked for.
    scorer
        The reranker's name, and its scores of (query, passage text) pairs.
    """
    open_queries = [
        qid
        for qid in sorted(first)
        if first[qid].places
        and other[qid].places
        and first[qid].document_ids[0] != other[qid].document_ids[0]
    ]
    texts = {
        qid: (passage_text[first[qid].places[0].docid], passage_text[other[qid].places[0].docid])
        for qid in open_queries
    }
    said: dict[str, Preferred] = {}
    if judge is not None and judge.client is not None:
        contests = [Contest(qid, queries[qid], *texts[qid]) for qid in open_queries]
        said = dict(zip(open_queries, prefer(judge.client, contests, judge.passage_chars), strict=True))
    left = [qid for qid in open_queries if said.get(qid) not in {"first", "second"}]
    name, score = scorer
    values = score([(queries[qid], text) for qid in left for text in texts[qid]]) if left else np.zeros(0)
    by_score = {qid: bool(values[2 * at + 1] > values[2 * at]) for at, qid in enumerate(left)}
    rankings = dict(first)
    for qid in open_queries:
        why = f"arbiter: {said[qid]}" if qid in said else f"arbiter: {judge.why}" if judge else None
        taken = by_score[qid] if qid in by_score else said[qid] == "second"
        decided = _decided(first[qid], other[qid], name if qid in by_score else "llm", taken=taken)
        rankings[qid] = decided.with_note(why) if why and qid in by_score else decided
    counts = Counter(said.values())
    metrics: dict[str, Any] = {
        "disagree": len(open_queries),
        "by_judge": len(open_queries) - len(left),
        f"by_{name}": len(left),
        "changed": sum(rankings[qid].document_ids[:1] != first[qid].document_ids[:1] for qid in first),
    }
    if judge is not None:
        metrics |= {end: counts[end] for end in ("even", "contradicted", "unanswered")}
        metrics["judge"] = "used" if judge.client is not None else judge.why
    return Arbitrated(rankings, metrics)


def _decided(ranking: Ranking, other: Ranking, by: str, *, taken: bool) -> Ranking:
    """The ranking with its ranks in both variants, and with the other's first document in front if taken."""
    ranks = {document_id: rank for rank, document_id in enumerate(other.document_ids, start=1)}
    places = [
        replace(place, evidence={FIRST_RANK: rank, OTHER_RANK: ranks.get(place.document_id)})
        for rank, place in enumerate(ranking.places, start=1)
    ]
    if taken:
        choice = other.places[0]
        old = next((place for place in places if place.document_id == choice.document_id), None)
        winner = old or RankedDocument(
            choice.document_id, choice.docid, None, {FIRST_RANK: None, OTHER_RANK: 1}
        )
        rest = [place for place in places if place.document_id != choice.document_id]
        scores = [place.score for place in ranking.places] + [None] * (old is None)
        places = [replace(place, score=score) for place, score in zip([winner, *rest], scores, strict=True)]
    places[0] = replace(places[0], evidence={**places[0].evidence, ARBITER: by})
    return replace(ranking, places=places)
