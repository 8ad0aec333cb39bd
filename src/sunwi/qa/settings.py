"""The sections that making questions reads."""

from __future__ import annotations

from pydantic import NonNegativeInt

from sunwi.params.bm25 import Bm25Params
from sunwi.params.compute import ComputeParams
from sunwi.params.encoder import EncoderParams
from sunwi.params.qa import QaParams
from sunwi.params.reading import Sections
from sunwi.params.section import RowsPerShard


class QaSections(Sections):
    """The sections that making questions reads."""

    seed: NonNegativeInt = 42
    qa: QaParams = QaParams()
    bm25: Bm25Params = Bm25Params()
    encoder: EncoderParams = EncoderParams()
    compute: ComputeParams = ComputeParams()
    rows_per_shard: RowsPerShard = 0
