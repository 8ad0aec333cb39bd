"""The sections that the reranker's second stage and the collection of its failures read."""

from __future__ import annotations

from sunwi.params.collect_failures import CollectFailuresParams
from sunwi.params.encoder import EncoderParams
from sunwi.params.reading import Sections
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.params.train_reranker_targeted import TrainRerankerTargetedParams
from sunwi.train.reranker.settings import RerankerSections


class FailureSections(Sections):
    """The sections that collecting the reranker's failures reads."""

    collect_failures: CollectFailuresParams = CollectFailuresParams()
    encoder: EncoderParams = EncoderParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()


class TargetedSections(RerankerSections):
    """The sections that the reranker's second stage reads."""

    train_reranker_targeted: TrainRerankerTargetedParams = TrainRerankerTargetedParams()
