"""Several searches for one query (multi-query, HyDE), each fused by itself and the lists fused by RRF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sunwi.params.submissions import QueryArm
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.fusion.method import Fusion
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import RankedQuery, SearchPipeline
from sunwi.submit.rank_fusion import fuse_ranked_lists

STANDALONE = "standalone"


@dataclass(frozen=True, slots=True)
class Search:
    """One text that is searched for a query: the arm it belongs to, its own name, its weight."""

    row: int
    arm: QueryArm
    name: str
    text: str
    weight: float


def searches(
    understood: Sequence[UnderstoodQuery], arms: Sequence[QueryArm], weights: Mapping[QueryArm, float]
) -> list[Search]:
    """The texts to search, in the order of the queries; a text that an earlier arm has is not repeated.

    The weight of the arm "variants" is shared by a query's variants, so that three paraphrases do not
    outvote the query. A query with none of the arms' texts is searched by its standalone query.
    """
    wordings: list[Search] = []
    for row, query in enumerate(understood):
        texts = {
            "standalone": [query.standalone_query],
            "variants": query.variants,
            "hyde": [query.hypothetical_document],
        }
        seen: set[str] = set()
        before = len(wordings)
        for arm in arms:
            fresh = [text for text in dict.fromkeys(texts[arm]) if text.strip() and text not in seen]
            seen.update(fresh)
            share = weights.get(arm, 1.0) / max(1, len(fresh))
            names = (
                [arm] if arm != "variants" else [f"variant{number}" for number in range(1, len(fresh) + 1)]
            )
            wordings += [
                Search(row, arm, name, text, share) for name, text in zip(names, fresh, strict=False)
            ]
        if len(wordings) == before:
            wordings.append(Search(row, "standalone", STANDALONE, query.standalone_query, 1.0))
    return wordings


def rank_multi_query(
    wordings: Sequence[Search],
    batch: QueryBatch,
    queries: int,
    pipeline: SearchPipeline,
    names: Sequence[str],
    fusion: Fusion,
    rrf_k: float,
    depth: int,
) -> list[RankedQuery]:
    """Rank every search by `fusion`, then fuse each query's lists by RRF over documents.

    Returns
    -------
    list
        One ranked query for each of the `queries`; its components are the searches, with the fused score
        and the rank that each gave (`depth` + 1: below it), and its scores those of the cascade.
    """
    of_query: list[dict[str, RankedQuery]] = [{} for _ in range(queries)]
    weights: list[dict[str, float]] = [{} for _ in range(queries)]
    for search, ranked in zip(wordings, pipeline.rank(batch, names, fusion, depth), strict=True):
        of_query[search.row][search.name] = ranked
        weights[search.row][search.name] = search.weight
    return [
        _fused(lists, of_lists, pipeline.passages.groups, rrf_k, depth)
        for lists, of_lists in zip(of_query, weights, strict=True)
    ]


def _fused(
    lists: Mapping[str, RankedQuery],
    weights: Mapping[str, float],
    groups: Sequence[str],
    rrf_k: float,
    depth: int,
) -> RankedQuery:
    ranked_ids = {
        name: [groups[position] for position in ranking.positions] for name, ranking in lists.items()
    }
    fused = fuse_ranked_lists(ranked_ids, rrf_k, weights)[:depth]
    passage: dict[str, int] = {}  # each document's chunk, from the first list that has it
    for name, ranking in lists.items():
        for document_id, position in zip(ranked_ids[name], ranking.positions, strict=True):
            passage.setdefault(document_id, int(position))
    components, ranks = {}, {}
    for name, ranking in lists.items():
        row_of = {document_id: row for row, document_id in enumerate(ranked_ids[name])}
        rows = [row_of.get(document_id) for document_id, _ in fused]
        floor = float(ranking.scores.min()) if len(ranking.scores) else 0.0  # at most
        components[name] = np.array(
            [floor if row is None else ranking.scores[row] for row in rows], dtype=np.float32
        )
        ranks[name] = np.array([depth + 1 if row is None else row + 1 for row in rows], dtype=np.int64)
    return RankedQuery(
        qid=next(iter(lists.values())).qid,
        positions=np.array([passage[document_id] for document_id, _ in fused], dtype=np.int64),
        scores=np.array([score for _, score in fused], dtype=np.float32),
        components=components,
        ranks=ranks,
    )
