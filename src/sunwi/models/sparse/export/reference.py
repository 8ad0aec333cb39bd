"""Texts with their float32 vectors beside an export, by which a form of it is judged on the CPU at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.models.sparse.encoder import stack
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.records.files import read_rows, write_rows
from sunwi.records.row import Row

REFERENCE_FILE = "reference.jsonl"
TEXTS = 32
NEXT_STEP = "run dvc repro export_sparse, and copy the folder as a whole"
MEAN_FLOOR, LEAST_FLOOR = 0.99, 0.95  # of the cosines of a text's two vectors


class ReferenceRow(Row):
    """A text and its vector: columns of the vocabulary with their weights."""

    row: int
    text: str
    columns: list[int]
    weights: list[float]

    def sort_key(self) -> tuple[int]:
        return (self.row,)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cosines of two forms' vectors of the same texts."""

    mean: float
    least: float

    @classmethod
    def of(cls, first: SparseVectors, second: SparseVectors) -> Agreement:
        """Of vectors row by row."""
        values = cosines(first, second)
        return cls(float(values.mean()), float(values.min()))

    @property
    def fault(self) -> str | None:
        """What is below the floor, as a sentence; None where nothing is."""
        if self.mean >= MEAN_FLOOR and self.least >= LEAST_FLOOR:
            return None
        return (
            f"its vectors have a cosine of {self.mean:.3f} in the mean and {self.least:.3f} at least "
            f"with the float32 encoder's, expected {MEAN_FLOOR} and {LEAST_FLOOR}"
        )


def cosines(left: SparseVectors, right: SparseVectors) -> npt.NDArray[np.float64]:
    """Cosine of each row's two vectors, [texts]; 1 where both are empty.

    Examples
    --------
    >>> left = SparseVectors.of(np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 0.0]], dtype=np.float32))
    >>> right = SparseVectors.of(np.array([[4.0, 3.0], [0.0, 0.0], [1.0, 0.0]], dtype=np.float32))
    >>> cosines(left, right).tolist()
    [0.96, 1.0, 0.0]
    """
    values = np.zeros(len(left))
    for row in range(len(left)):
        first, second = (_dense(side, row) for side in (left, right))
        if not first.any() and not second.any():
            values[row] = 1.0
            continue
        length = float(np.linalg.norm(first) * np.linalg.norm(second))
        values[row] = float(first @ second) / length if length else 0.0
    return values


def _dense(vectors: SparseVectors, row: int) -> npt.NDArray[np.float64]:
    columns, weights = vectors.row(row)
    dense = np.zeros(vectors.width)
    dense[columns] = weights
    return dense


def write_reference(folder: Path, texts: Sequence[str], vectors: SparseVectors) -> None:
    """Write the texts with their vectors to `folder`."""
    rows = []
    for position, text in enumerate(texts):
        columns, weights = vectors.row(position)
        rounded = [round(float(weight), 6) for weight in weights]
        rows.append(ReferenceRow(row=position, text=text, columns=columns.tolist(), weights=rounded))
    write_rows(folder / REFERENCE_FILE, rows)


def read_reference(folder: Path, width: int) -> tuple[list[str], SparseVectors]:
    """The texts and their vectors over a vocabulary of `width`.

    Raises
    ------
    InputProblems
        If the file is missing or a row is malformed.
    DataError
        If it has no row, or a vector that the vocabulary cannot have.
    """
    path = folder / REFERENCE_FILE
    rows = read_rows(path, ReferenceRow)
    if not rows:
        raise DataError(f"{path} has no text, expected up to {TEXTS}", NEXT_STEP)
    for row in rows:
        if len(row.columns) != len(row.weights) or any(not 0 <= column < width for column in row.columns):
            what = f"{path}: the vector of row {row.row} does not fit a vocabulary of {width} entries"
            raise DataError(what, NEXT_STEP)
    vectors = [
        SparseVectors(
            np.array([0, len(row.columns)], dtype=np.int64),
            np.array(row.columns, dtype=np.int32),
            np.array(row.weights, dtype=np.float32),
            width,
        )
        for row in rows
    ]
    return [row.text for row in rows], stack(vectors, width)
