"""The sections that fitting the fusion and the untrained blend of an encoder reads."""

from __future__ import annotations

from sunwi.params.pairs import PairsParams
from sunwi.train.reranker.settings import RerankerSections


class FitSections(RerankerSections):
    """The sections that fitting the fusion and the untrained blend of an encoder reads."""

    pairs: PairsParams = PairsParams()
