"""Vectors of passages: one of each passage's start, and of a long one's further windows one each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Encoder, Vectors, in_memory
from sunwi.models.windows import Reading
from sunwi.params.encoder import EncoderParams

Empty = Callable[[tuple[int, int]], Vectors]


@dataclass(frozen=True, slots=True)
class Windows:
    """Vectors of what long passages say behind their start.

    Attributes
    ----------
    vectors
        [windows, dimensions], float16.
    owners
        Position of each window's passage, rising, [windows].
    """

    vectors: Vectors
    owners: npt.NDArray[np.int64]

    def best(self, starts: npt.NDArray[np.float32], queries: npt.NDArray[np.float32]) -> None:
        """Raise the starts' scores [queries, passages] to those of better windows, in place.

        The best window counts (MaxP, Dai & Callan 2019); `queries` are vectors [queries, dimensions].
        """
        if len(self.owners):
            raise_to_best(starts, queries @ np.asarray(self.vectors, dtype=np.float32).T, self.owners)

    def mean(self, starts: Vectors) -> Vectors:
        """One vector a passage: the mean of its windows', of length 1; a short passage's is its start's."""
        total = np.asarray(starts, dtype=np.float32).copy()
        np.add.at(total, self.owners, np.asarray(self.vectors, dtype=np.float32))
        long = np.unique(self.owners)
        total[long] /= np.linalg.norm(total[long], axis=1, keepdims=True)
        found = np.array(starts)
        found[long] = total[long].astype(np.float16)
        return found


def raise_to_best(
    starts: npt.NDArray[np.float32], windows: npt.NDArray[np.float32], owners: npt.NDArray[np.int64]
) -> None:
    """Raise scores of starts [queries, passages] to those of better windows [queries, windows], in place.

    Parameters
    ----------
    owners
        Position of each window's passage, rising, [windows], of one window at least.
    """
    passages, first = np.unique(owners, return_index=True)
    best = np.maximum.reduceat(windows, first, axis=1)  # [queries, long passages]
    starts[:, passages] = np.maximum(starts[:, passages], best)


def encode_passages(
    encoder: Encoder, texts: Sequence[str], limits: EncoderParams, label: str = "encode passages"
) -> tuple[Vectors, Windows | None]:
    """Vectors of the passages' starts [passages, dimensions], and of the windows behind them.

    None without a passage that is longer than `encoder.max_length`, or with `encoder.windows: false`.
    """
    starts = encoder.encode(texts, "passage", limits.max_length, label)
    if not limits.windows:
        return starts, None
    return starts, encode_windows(encoder, encoder.reading(texts, "passage", limits.max_length), limits)


def encode_windows(
    encoder: Encoder, reading: Reading, limits: EncoderParams, empty: Empty = in_memory
) -> Windows | None:
    """Vectors of a reading's pieces; None without any, or where the parameters want none."""
    if not limits.windows or not reading.pieces:
        return None
    vectors = encoder.encode(reading.pieces, "passage", limits.max_length, "encode windows", empty)
    return Windows(vectors, reading.owners)


def told(reading: Reading, what: str, key: str, windows: bool) -> str | None:
    """A line on texts that are longer than what is read at once; None where there is none."""
    if not reading.long:
        return None
    share = reading.beyond / max(1, int(reading.tokens.sum()))
    longer = f"{reading.long} of {len(reading.tokens)} {what} are longer than {key} ({reading.room} tokens)"
    if windows:
        return f"{longer}: dense search reads them in {len(reading.pieces)} more windows"
    return f"{longer}: {reading.beyond} tokens ({share:.1%} of all) are not read"
