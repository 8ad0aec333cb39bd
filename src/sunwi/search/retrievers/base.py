"""What a retriever is: a name and a score for every passage."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from sunwi.search.passages import QueryBatch

Scores = npt.NDArray[np.float32]


class Retriever(Protocol):
    """Scores all passages for a block of queries, so that fusion can normalise over the whole corpus."""

    name: str

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        ...
