"""The sections that mining candidate lists reads."""

from __future__ import annotations

from pydantic import NonNegativeInt

from sunwi.params.dense import DenseParams
from sunwi.params.mining import MiningParams
from sunwi.params.pairs import PairsParams
from sunwi.params.reading import Sections


class PairSections(Sections):
    """The sections that mining candidate lists reads."""

    pairs: PairsParams = PairsParams()
    dense: DenseParams = DenseParams()
    mining: MiningParams = MiningParams()
    rows_per_shard: NonNegativeInt = 0
