"""A saved encoder's passages are encoded once, whoever asks, and anew when any part of it changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sunwi.models.sparse.cache import _from_bytes, _to_bytes, cached_passages
from sunwi.models.sparse.encoder import SparseEncoder, load_sparse
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.models.spec import ModelInfo
from sunwi.params.sparse import SparseParams
from sunwi.search.passages import Passages
from sunwi.train.sparse.start import start_encoder

from .conftest import ENGLISH


@pytest.fixture
def saved(bare: ModelInfo, water_corpus: Passages, tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "cache"))
    params = SparseParams(passage_max_length=12, max_terms=6)
    start_encoder(bare, water_corpus.texts, ENGLISH, params, seed=3).save(bare, tmp_path / "sparse")
    return tmp_path / "sparse"


def test_a_second_variant_encodes_nothing(saved: Path, water_corpus: Passages, monkeypatch) -> None:
    first, count = cached_passages(load_sparse(saved), saved, water_corpus.texts, 12)
    assert (count.encoded, count.cached) == (len(water_corpus), 0)
    plain = load_sparse(saved).encode_passages(water_corpus.texts, 12)
    monkeypatch.setattr(SparseEncoder, "_by_model", lambda *_: pytest.fail("it encodes"))
    second, count = cached_passages(load_sparse(saved), saved, water_corpus.texts, 12)
    assert (count.encoded, count.cached) == (0, len(water_corpus))
    for cache in (first, second):
        np.testing.assert_array_equal(cache.starts, plain.starts)
        np.testing.assert_array_equal(cache.columns, plain.columns)
        np.testing.assert_array_equal(cache.weights, plain.weights)


def test_new_passages_alone_are_encoded_and_rows_keep_their_order(
    saved: Path, water_corpus: Passages
) -> None:
    encoder = load_sparse(saved)
    cached_passages(encoder, saved, water_corpus.texts[:4], 12)
    actual, count = cached_passages(encoder, saved, water_corpus.texts[::-1], 12)
    assert (count.encoded, count.cached) == (len(water_corpus) - 4, 4)
    expected = encoder.encode_passages(water_corpus.texts[::-1], 12)
    np.testing.assert_array_equal(actual.matrix().toarray(), expected.matrix().toarray())


@pytest.mark.parametrize("changed", ["head", "length"])
def test_another_head_or_length_is_another_row(saved: Path, water_corpus: Passages, changed: str) -> None:
    from safetensors.torch import load_file, save_file

    cached_passages(load_sparse(saved), saved, water_corpus.texts, 12)
    if changed == "head":
        path = saved / "sparse_head" / "model.safetensors"
        state = load_file(path)
        save_file({name: tensor + torch.ones(()) for name, tensor in state.items()}, path)
    length = 12 if changed == "head" else 4
    _, count = cached_passages(load_sparse(saved), saved, water_corpus.texts, length)
    assert (count.encoded, count.cached) == (len(water_corpus), 0)


@given(st.lists(st.lists(st.floats(0, 9, width=32), min_size=5, max_size=5), max_size=6))
def test_rows_come_back_from_their_bytes(rows: list[list[float]]) -> None:
    vectors = SparseVectors.of(np.array(rows, dtype=np.float32).reshape(len(rows), 5))
    actual = _from_bytes([_to_bytes(vectors, row) for row in range(len(rows))], 5)
    np.testing.assert_array_equal(actual.matrix().toarray(), vectors.matrix().toarray())
