"""The sections that fine-tuning the embedder reads."""

from __future__ import annotations

from pydantic import NonNegativeInt

from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.params.fusion import FusionParams
from sunwi.params.mining import MiningParams
from sunwi.params.reading import Sections
from sunwi.params.score import ScoreParams
from sunwi.params.train_embedder import TrainEmbedderParams


class EmbedderSections(Sections):
    """The sections that fine-tuning the embedder reads."""

    seed: NonNegativeInt = 42
    encoder: EncoderParams = EncoderParams()
    bm25: Bm25Params = Bm25Params()
    mining: MiningParams = MiningParams()
    fusion: FusionParams = FusionParams()
    train_embedder: TrainEmbedderParams = TrainEmbedderParams()
    score: ScoreParams = ScoreParams()
