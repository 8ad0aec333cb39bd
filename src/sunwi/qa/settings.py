"""The sections that making questions reads."""

from __future__ import annotations

from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.params.qa import QaParams
from sunwi.params.reading import Sections
from sunwi.params.section import Whole


class QaSections(Sections):
    """The sections that making questions reads."""

    seed: Whole = 42
    qa: QaParams = QaParams()
    bm25: Bm25Params = Bm25Params()
    encoder: EncoderParams = EncoderParams()
