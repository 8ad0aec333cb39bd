"""A ranker and what it needs to order each query's first candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sunwi.search.learned.features import CandidateFeatures, feature_names
from sunwi.search.learned.ranker import LinearRanker
from sunwi.search.pipeline import RankedQuery, SearchPipeline
from sunwi.search.retrievers.base import Scores


@dataclass(frozen=True, slots=True)
class LearnedOrder:
    """Scores candidates by a linear ranker.

    Attributes
    ----------
    tokenizer
        `bm25.tokenizer`.
    """

    ranker: LinearRanker
    tokenizer: str

    def scores(
        self, pipeline: SearchPipeline, texts: Sequence[str], ranked: Sequence[RankedQuery]
    ) -> list[Scores]:
        """Scores of each query's first `ranker.depth` candidates, each [candidates]."""
        features = CandidateFeatures(pipeline, self.tokenizer, self.ranker.window)
        lists = features.of(texts, ranked, self.ranker.depth)
        names = feature_names(sorted(ranked[0].components)) if ranked else []
        return [self.ranker.scores(of_query, names).astype("float32") for of_query in lists]
