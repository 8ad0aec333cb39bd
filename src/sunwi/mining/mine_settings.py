"""The sections that mining hard negatives reads."""

from __future__ import annotations

from sunwi.params.encoder import EncoderParams
from sunwi.params.mining import MiningParams
from sunwi.params.reading import Sections
from sunwi.params.section import RowsPerShard, Seed
from sunwi.params.train_reranker import TrainRerankerParams


class MineSections(Sections):
    """The sections that mining hard negatives reads."""

    seed: Seed = 42
    mining: MiningParams = MiningParams()
    encoder: EncoderParams = EncoderParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()
    rows_per_shard: RowsPerShard = 0
