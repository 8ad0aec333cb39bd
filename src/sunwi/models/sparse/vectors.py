"""Sparse vectors of texts: a few weighted vocabulary entries each, in compressed rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SparseVectors:
    """Rows of (column, weight): row r has entries starts[r] to starts[r + 1], columns rising."""

    starts: npt.NDArray[np.int64]  # [texts + 1]
    columns: npt.NDArray[np.int32]
    weights: Weights
    width: int  # of the vocabulary

    @classmethod
    def of(cls, dense: Weights, max_terms: int | None = None) -> SparseVectors:
        """Rows of weights [texts, vocabulary], 0 or more; the `max_terms` largest of each, ties by column."""
        rows = []
        for row in dense:
            active = np.flatnonzero(row > 0)
            if max_terms is not None and len(active) > max_terms:
                active = np.sort(active[np.lexsort((active, -row[active]))][:max_terms])
            rows.append((active, row[active]))
        return cls.of_rows(rows, dense.shape[1])

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[npt.ArrayLike, npt.ArrayLike]], width: int) -> SparseVectors:
        """From the columns (rising) and the weights of each text."""
        columns, weights = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.float32)]
        for of_text, weights_of_text in rows:
            columns.append(np.asarray(of_text, dtype=np.int32))
            weights.append(np.asarray(weights_of_text, dtype=np.float32))
        starts = np.cumsum([len(part) for part in columns], dtype=np.int64)
        return cls(starts, np.concatenate(columns), np.concatenate(weights), width)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, position: int) -> tuple[npt.NDArray[np.int32], Weights]:
        """Columns and weights of one text."""
        part = slice(int(self.starts[position]), int(self.starts[position + 1]))
        return self.columns[part], self.weights[part]

    def matrix(self) -> csr_matrix:
        """The same as scipy's CSR matrix [texts, vocabulary]."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.weights, self.columns, self.starts), shape=(len(self), self.width))

    @property
    def active_terms(self) -> float:
        """Mean number of active entries a text."""
        return len(self.columns) / len(self) if len(self) else 0.0

    @property
    def activation(self) -> npt.NDArray[np.float64]:
        """Share of the texts in which each entry is active, [vocabulary]."""
        counts = np.bincount(self.columns, minlength=self.width).astype(np.float64)
        return counts / max(len(self), 1)

    @property
    def nbytes(self) -> int:
        """Bytes of the three arrays."""
        return int(self.starts.nbytes + self.columns.nbytes + self.weights.nbytes)


def expected_flops(queries: SparseVectors, passages: SparseVectors) -> float:
    """Expected products to score a query against a passage: sum over entries of p_q * p_d.

    p is the share of texts in which the entry is active (Paria et al. 2020; Formal et al. 2021, sec. 4).
    """
    return float(queries.activation @ passages.activation)
