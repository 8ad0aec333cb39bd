"""Cascaded RRF over several wordings of one query: RRF of the retrievers, then RRF of the wordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sunwi.errors import DataError
from sunwi.search.fusion.rrf import reciprocal_rank_fusion
from sunwi.search.retrievers.base import Scores


def cascaded_rrf(
    by_query: Sequence[Mapping[str, Scores]],
    k: float,
    depth: int,
    retriever_weights: Mapping[str, float] | None = None,
    query_weights: Sequence[float] | None = None,
) -> Scores:
    """Fused scores, shape [queries, passages].

    s(d) = sum over wordings q of v_q / (k + rank of d in s_q), with
    s_q(d) = sum over retrievers r of w_r / (k + rank_{q,r}(d)).

    Parameters
    ----------
    by_query
        For each wording (the standalone query, its variants, a hypothetical document) the retrievers'
        scores, each [queries, passages].
    query_weights
        One a wording; 1 by default.

    Raises
    ------
    DataError
        If there is no wording, or not one weight a wording.
    """
    weights = [1.0] * len(by_query) if query_weights is None else list(query_weights)
    if not by_query or len(weights) != len(by_query):
        raise DataError(f"{len(by_query)} wordings and {len(weights)} weights", "give one weight a wording")
    fused = {
        f"{wording:04d}": reciprocal_rank_fusion(scores, k, depth, retriever_weights)
        for wording, scores in enumerate(by_query)
    }
    return reciprocal_rank_fusion(
        fused, k, depth, {f"{wording:04d}": weight for wording, weight in enumerate(weights)}
    )
