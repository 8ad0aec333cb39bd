"""Union: the best documents of several variants in one pool, ordered by RRF over them and a reranker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sunwi.params.combinations import UnionPool
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.search.rerank.blend import FIRST, blend, order_of
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import SCORERS
from sunwi.submit.rank_fusion import fuse_ranked_lists, rank_votes


def union_rerank(
    qids: Sequence[str],
    texts: Sequence[str],
    members: Mapping[str, Mapping[str, Ranking]],
    settings: UnionPool,
    passage_text: Mapping[str, str],
    rerankers: Rerankers | None,
    weights: Mapping[str, float],
    vote_weights: Mapping[str, float] | None = None,
) -> dict[str, Ranking]:
    """Query id to the pool of its members' first `depth` documents, best first.

    Order: z(RRF over the members' ranks, or their votes) + sum over rerankers of weight * z(score), over the
    pool, with the blend weights fitted on dev; without a weight above 0 it is that of RRF or the votes.
    Behind the pool stand the other documents of the members, by RRF and without a score.

    Parameters
    ----------
    qids, texts
        The queries and what is searched for them.
    members
        Variant to query id to ranking.
    passage_text
        Passage id to text.
    vote_weights
        Of each member's votes, where the settings give points; 1 where none is named.
    """
    used = [name for name in SCORERS[settings.rerank] if rerankers is not None and weights.get(name, 0.0) > 0]
    pools = {qid: _pool(qid, members, settings, vote_weights) for qid in qids}
    pairs = [
        (text, passage_text[place.docid])
        for qid, text in zip(qids, texts, strict=True)
        for place in pools[qid][0]
    ]
    scores = {name: rerankers.score(name, pairs) for name in used} if rerankers is not None else {}
    rankings, start = {}, 0
    for qid in qids:
        pool, rest = pools[qid]
        own = {name: values[start : start + len(pool)] for name, values in scores.items()}
        start += len(pool)
        first = np.array([place.score for place in pool], dtype=np.float32)
        final = blend({FIRST: first, **own}, weights) if used and pool else first
        ordered = []
        for row in order_of(final):
            place = pool[row]
            extra = {f"{name}_score": round(float(values[row]), 5) for name, values in sorted(own.items())}
            evidence = {**place.evidence, **extra}
            ordered.append(RankedDocument(place.document_id, place.docid, float(final[row]), evidence))
        rankings[qid] = Ranking(ordered + rest)
    return rankings


def _pool(
    qid: str,
    members: Mapping[str, Mapping[str, Ranking]],
    settings: UnionPool,
    vote_weights: Mapping[str, float] | None,
) -> tuple[list[RankedDocument], list[RankedDocument]]:
    """The pool by RRF or votes, and what the members have below it."""
    head = {name: members[name][qid].document_ids[: settings.depth] for name in settings.of}
    tail = {name: members[name][qid].document_ids[settings.depth :] for name in settings.of}
    passage: dict[str, str] = {}
    for name in settings.of:
        for place in members[name][qid].places:
            passage.setdefault(place.document_id, place.docid)
    ranks = {
        name: {document_id: rank for rank, document_id in enumerate(members[name][qid].document_ids, start=1)}
        for name in settings.of
    }

    def place_of(document_id: str, rank: int, score: float | None) -> RankedDocument:
        of_members = {f"{name}_rank": ranks[name].get(document_id) for name in sorted(settings.of)}
        fused = {"fused_rank": rank, "fused_score": None if score is None else round(score, 6)}
        return RankedDocument(document_id, passage[document_id], score, {**fused, **of_members})

    if settings.votes is None:
        fused = fuse_ranked_lists(head, settings.rrf_k)
    else:
        fused = rank_votes(head, settings.votes, settings.rrf_k, vote_weights)
    pool = [place_of(document_id, rank, score) for rank, (document_id, score) in enumerate(fused, start=1)]
    inside = {place.document_id for place in pool}
    below = [
        document_id for document_id, _ in fuse_ranked_lists(tail, settings.rrf_k) if document_id not in inside
    ]
    rest = [place_of(document_id, rank, None) for rank, document_id in enumerate(below, start=len(pool) + 1)]
    return pool, rest
