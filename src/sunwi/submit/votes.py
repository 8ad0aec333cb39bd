"""Weights of the variants that vote, fitted on people's dev questions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sunwi.params.combinations import UnionPool
from sunwi.score.competition_map import competition_map
from sunwi.search.fusion.priors import shrunk
from sunwi.submit.rank_fusion import rank_votes

GRID = (0.0, 0.5, 1.0, 2.0)
EQUAL = 1.0


def fit_vote_weights(
    members: Mapping[str, Mapping[str, Sequence[str]]],
    relevant: Mapping[str, Collection[str]],
    settings: UnionPool,
    cutoff: int,
    strength: int,
) -> dict[str, float]:
    """Weight of each variant's votes by the competition's MAP on dev, moved towards 1 where labels are few.

    One weight after the other is set to its best value, from equal weights on, until none changes; ties stay
    as they are. The result is shrunk as the fusion's weights are (`search.fusion.priors.shrunk`).

    Parameters
    ----------
    members
        Variant to query id to documents, best first, of the dev dialogues.
    relevant
        Query id to its relevant documents; others choose nothing.
    strength
        Questions that count as much as equal weights: `fusion.prior_questions`.
    """
    names = sorted(settings.of)
    judged = sorted(qid for qid in relevant if relevant[qid] and all(qid in members[name] for name in names))
    weights = dict.fromkeys(names, EQUAL)
    if not judged or settings.votes is None:
        return weights
    points = settings.votes

    def reached(tried: Mapping[str, float]) -> float:
        topk = {}
        for qid in judged:
            heads = {name: members[name][qid][: settings.depth] for name in names}
            found = rank_votes(heads, points, settings.rrf_k, tried)
            topk[qid] = [document_id for document_id, _ in found[:cutoff]]
        return competition_map({qid: relevant[qid] for qid in judged}, topk, cutoff)

    best, changed = reached(weights), True
    while changed:  # the figure rises at each change, and there are finitely many weights
        changed = False
        for name in names:
            for value in GRID:
                tried = {**weights, name: value}
                figure = reached(tried)
                if any(tried.values()) and figure > best + 1e-12:
                    weights, best, changed = tried, figure, True
    return {name: _shrunk(value, len(judged), strength) for name, value in weights.items()}


def _shrunk(fitted: float, questions: int, strength: int) -> float:
    return shrunk(EQUAL, fitted, questions, strength).value
