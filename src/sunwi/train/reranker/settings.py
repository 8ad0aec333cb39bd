"""The sections that training a reranker reads."""

from __future__ import annotations

from pydantic import NonNegativeInt

from sunwi.params.encoder import EncoderParams
from sunwi.params.fusion import FusionParams
from sunwi.params.mining import MiningParams
from sunwi.params.reading import Sections
from sunwi.params.score import ScoreParams
from sunwi.params.train_reranker import TrainRerankerParams


class RerankerSections(Sections):
    """The sections that training a reranker reads."""

    seed: NonNegativeInt = 42
    encoder: EncoderParams = EncoderParams()
    mining: MiningParams = MiningParams()
    fusion: FusionParams = FusionParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()
    score: ScoreParams = ScoreParams()
