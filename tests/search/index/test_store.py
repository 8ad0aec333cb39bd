"""Vectors on disk: numpy's own file, filled in place, in place only when it is whole."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.conftest import WORDS, write_tiny_bert

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.search.index.store import load_vectors, save_vectors, vectors_file


@given(st.integers(0, 40), st.integers(1, 9))
def test_the_file_is_numpys_own(tmp_path_factory: pytest.TempPathFactory, rows: int, dimensions: int) -> None:
    path = tmp_path_factory.mktemp("vectors") / "corpus.npy"
    vectors = np.random.default_rng(rows).standard_normal((rows, dimensions)).astype(np.float16)
    expected = io.BytesIO()
    np.save(expected, vectors)
    save_vectors(path, vectors)
    assert path.read_bytes() == expected.getvalue()
    assert load_vectors(path, rows).tobytes() == vectors.tobytes()


def write_wrongly(path: Path, rows: int) -> None:
    with vectors_file(path) as empty:
        empty((rows, 3))[:2] = np.ones((2, 4))


def test_a_file_that_is_not_whole_does_not_get_its_name(tmp_path: Path) -> None:
    path = tmp_path / "corpus.npy"
    save_vectors(path, np.ones((2, 3), dtype=np.float16))
    before = path.read_bytes()
    for rows in (5, -1):  # an error of the block, and one of the array itself
        with pytest.raises(ValueError, match=r"broadcast|negative"):
            write_wrongly(path, rows)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_another_number_of_rows_is_told(tmp_path: Path) -> None:
    save_vectors(tmp_path / "corpus.npy", np.ones((2, 3), dtype=np.float16))
    with pytest.raises(DataError, match="2 rows, expected 3"):
        load_vectors(tmp_path / "corpus.npy", 3)


def test_an_encoder_fills_the_file(tmp_path: Path, own_cache: Path) -> None:
    encoder = Encoder(resolve(str(write_tiny_bert(tmp_path / "bert", labels=0))))
    texts = [" ".join(WORDS[at : at + 2]) for at in range(5)] * 2  # each twice
    in_memory = encoder.encode(texts[:7], "passage", 16)
    for known in (7, 10):  # some rows are cached, then all
        path = tmp_path / f"{known}.npy"
        with vectors_file(path) as empty:
            encoder.encode(texts, "passage", 16, empty=empty)
        found = load_vectors(path, 10)
        assert found[:7].tobytes() == in_memory.tobytes()
        assert found[5:].tobytes() == found[:5].tobytes()
    assert (encoder.count.encoded, encoder.count.cached) == (5, 22)
