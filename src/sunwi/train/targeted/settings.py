"""The sections that the reranker's second stage reads."""

from __future__ import annotations

from sunwi.params.train_reranker_targeted import TrainRerankerTargetedParams
from sunwi.train.reranker.settings import RerankerSections


class TargetedSections(RerankerSections):
    """The sections that the reranker's second stage reads."""

    train_reranker_targeted: TrainRerankerTargetedParams = TrainRerankerTargetedParams()
