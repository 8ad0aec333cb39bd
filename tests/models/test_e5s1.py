"""E5S1: a block and a file made by hand; files cut short."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from sunwi.errors import DataError
from sunwi.models.e5s1 import dequantise, parse

PIECES = ["<s>", "<pad>", "▁물"]


def block(scale: float, low: list[int], high: list[int]) -> bytes:
    return struct.pack("<e", scale) + bytes(
        first | second << 4 for first, second in zip(low, high, strict=True)
    )


QUANTISED = block(0.5, list(range(16)), [8] * 16) + block(2.0, [15] * 16, [0] * 16)


def tiny_file(block_size: int = 32, q4_size: int = len(QUANTISED)) -> bytes:
    text = "".join(PIECES).encode()
    ends = np.cumsum([0] + [len(piece.encode()) for piece in PIECES]).astype("<u4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, 8, 2, 4, 16, 3, 5, 1, 1e-5, block_size)
    vocabulary = struct.pack("<5iQ", 3, 0, 2, 1, 2, len(text)) + ends.tobytes()
    vocabulary += np.array([0.0, 0.0, -3.5], dtype="<f4").tobytes() + text
    normaliser = struct.pack("<iI", 1, 4) + b"skip"
    data = np.array([1.5, -2.0], dtype="<f4").tobytes() + QUANTISED

    def table(start: int) -> bytes:
        rows = [(b"emb.ln.w", 0, 2, start, 8), (b"l0.q.w", 2, 40, start + 8, q4_size)]
        return struct.pack("<i", 2) + b"".join(
            struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", *rest) for name, *rest in rows
        )

    before = head + vocabulary + normaliser
    return before + table(len(before) + len(table(0))) + data


def test_low_nibbles_are_the_first_half_of_a_block() -> None:
    values = dequantise(QUANTISED, 64)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values[:16], (np.arange(16) - 8) * 0.5)
    np.testing.assert_array_equal(values[16:32], 0.0)
    np.testing.assert_array_equal(values[32:48], 14.0)
    np.testing.assert_array_equal(values[48:], -16.0)


def test_the_last_block_is_cut_to_the_count() -> None:
    assert dequantise(QUANTISED, 40).shape == (40,)


def test_a_file_made_by_hand() -> None:
    model = parse(tiny_file())
    assert (model.hidden, model.layers, model.heads, model.intermediate) == (8, 2, 4, 16)
    assert (model.vocabulary_size, model.positions, model.type_vocabulary) == (3, 5, 1)
    assert model.epsilon == pytest.approx(1e-5)
    assert (model.bos, model.eos, model.pad, model.unk) == (0, 2, 1, 2)
    assert model.pieces == [("<s>", 0.0), ("<pad>", 0.0), ("▁물", -3.5)]
    assert model.tensors["emb.ln.w"].tolist() == [1.5, -2.0]
    np.testing.assert_array_equal(model.tensors["l0.q.w"], dequantise(QUANTISED, 40))


def test_every_truncation_is_an_error_of_its_own_kind() -> None:
    data = tiny_file()
    for length in range(len(data)):
        with pytest.raises(DataError, match="Next: reinstall"):
            parse(data[:length])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"GGUF" + tiny_file()[4:], "expected the magic b'E5S1', found b'GGUF'"),
        (tiny_file(block_size=64), "expected blocks of 32 weights, found 64"),
        (tiny_file(q4_size=18), "tensor l0.q.w: expected 36 bytes for 40 weights, found 18"),
    ],
)
def test_other_files_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(DataError) as error:
        parse(data)
    assert message in str(error.value)
