"""Dense scores of long passages: a server has one vector of each, this process has all of their windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Vectors
from sunwi.models.passage_vectors import Windows
from sunwi.search.retrievers.base import Scores
from sunwi.search.servers.fill import Moments


@dataclass(frozen=True, slots=True)
class LongPassages:
    """Passages that are read in windows.

    Attributes
    ----------
    positions
        Of the passages in the corpus, rising, [long passages].
    ids
        Theirs.
    starts, served
        Vectors of their starts, and those that the server has, [long passages, dimensions], float32.
    windows
        Those behind the starts; owners count among these passages.
    """

    positions: npt.NDArray[np.int64]
    ids: frozenset[str]
    starts: npt.NDArray[np.float32]
    served: npt.NDArray[np.float32]
    windows: Windows

    @classmethod
    def of(cls, starts: Vectors, served: Vectors, windows: Windows, docids: Sequence[str]) -> LongPassages:
        """From all passages' vectors [passages, dimensions] and ids."""
        positions, owners = np.unique(windows.owners, return_inverse=True)
        return cls(
            positions,
            frozenset(docids[position] for position in positions),
            np.asarray(starts[positions], dtype=np.float32),
            np.asarray(served[positions], dtype=np.float32),
            Windows(windows.vectors, owners.astype(np.int64)),
        )

    def scores(self, queries: Vectors) -> Scores:
        """(1 + product) / 2 of each passage's best window, [queries, long passages]."""
        vectors = np.asarray(queries, dtype=np.float32)
        products = vectors @ self.starts.T
        self.windows.best(products, vectors)
        return np.asarray((1 + products) / 2, dtype=np.float32)

    def corrected(self, moments: Moments, query: npt.NDArray[np.floating], passages: int) -> Moments:
        """Moments with these passages' scores by their best windows in place of the served vectors'.

        The least of `moments` is that of the other passages.
        """
        after = self.scores(query[None])[0].astype(np.float64)
        before = (1 + self.served.astype(np.float64) @ query.astype(np.float64)) / 2
        mean = moments.mean + float((after - before).sum()) / passages
        squares = moments.spread**2 + moments.mean**2 + float((after**2 - before**2).sum()) / passages
        spread = max(0.0, squares - mean**2) ** 0.5
        return replace(moments, mean=mean, spread=spread, least=min(moments.least, float(after.min())))
