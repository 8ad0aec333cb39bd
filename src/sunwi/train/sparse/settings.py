"""The sections that the sparse encoder's stages read."""

from __future__ import annotations

from pydantic import NonNegativeInt

from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.params.fusion import FusionParams
from sunwi.params.mining import MiningParams
from sunwi.params.reading import Sections
from sunwi.params.score import ScoreParams
from sunwi.params.sparse import SparseParams


class ExportSections(Sections):
    """The sections that a sparse encoder's export and its dev pool read."""

    sparse: SparseParams = SparseParams()
    bm25: Bm25Params = Bm25Params()
    fusion: FusionParams = FusionParams()


class SparseSections(ExportSections):
    """The sections that training a sparse encoder reads."""

    seed: NonNegativeInt = 42
    encoder: EncoderParams = EncoderParams()
    mining: MiningParams = MiningParams()
    score: ScoreParams = ScoreParams()
