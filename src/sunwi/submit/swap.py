"""Conservative swap: a few undecided first places of one variant are given to another variant's choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sunwi.params.combinations import Swap
from sunwi.records.ranking import Ranking, gap

FIRST_RANK, OTHER_RANK, GAP = "from_rank", "to_rank", "swap_gap"


@dataclass(frozen=True, slots=True)
class Swapped:
    """Rankings after the swap, by query, and the queries that were counted on the way."""

    rankings: dict[str, Ranking]
    metrics: dict[str, int]


def conservative_swap(first: Mapping[str, Ranking], other: Mapping[str, Ranking], settings: Swap) -> Swapped:
    """`first` with at most `limit` of its first places given to the document that `other` has there.

    A query is open where the two variants disagree on the first place and the other's choice lies within
    `margin` of the first's best score (see `sunwi.records.ranking.gap`). The closest queries are swapped,
    ties by query id; the two documents change places and nothing else moves.

    Parameters
    ----------
    first, other
        Query id to ranking, for the same queries.
    settings
        `margin` and `limit`.
    """
    disagree, open_queries = 0, []
    for qid in sorted(first):
        if not first[qid].places or not other[qid].places:
            continue
        choice = other[qid].document_ids[0]
        if choice == first[qid].document_ids[0]:
            continue
        disagree += 1
        distance = gap(first[qid], choice)
        if distance is not None and distance <= settings.margin:
            open_queries.append((distance, qid, choice))
    swapped = {qid: (choice, distance) for distance, qid, choice in sorted(open_queries)[: settings.limit]}
    rankings = {}
    for qid, ranking in first.items():
        other_rank = {document_id: rank for rank, document_id in enumerate(other[qid].document_ids, start=1)}
        marked = [
            replace(place, evidence={FIRST_RANK: rank, OTHER_RANK: other_rank.get(place.document_id)})
            for rank, place in enumerate(ranking.places, start=1)
        ]
        if qid in swapped:
            choice, distance = swapped[qid]
            place = ranking.document_ids.index(choice)
            winner, loser = marked[place], marked[0]
            evidence = {**winner.evidence, GAP: round(distance, 6)}
            # The scores stay with the places: a later step must not take the swap back.
            marked[0] = replace(winner, score=loser.score, evidence=evidence)
            marked[place] = replace(loser, score=winner.score)
        rankings[qid] = replace(ranking, places=marked)
    metrics = {"disagree": disagree, "within_margin": len(open_queries), "swapped": len(swapped)}
    return Swapped(rankings, metrics)
