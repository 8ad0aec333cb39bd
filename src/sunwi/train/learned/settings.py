"""The sections that fitting the learned ranker reads."""

from __future__ import annotations

from pydantic import NonNegativeInt

from sunwi.params.bm25 import Bm25Params
from sunwi.params.learning_to_rank import LearningToRankParams
from sunwi.params.reading import Sections
from sunwi.params.score import ScoreParams
from sunwi.params.search import SearchParams


class RankerSections(Sections):
    """The sections that fitting the learned ranker reads."""

    seed: NonNegativeInt = 42
    bm25: Bm25Params = Bm25Params()
    search: SearchParams = SearchParams()
    learning_to_rank: LearningToRankParams = LearningToRankParams()
    score: ScoreParams = ScoreParams()
