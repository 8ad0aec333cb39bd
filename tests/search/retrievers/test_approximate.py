"""faiss indexes against exact search."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

from sunwi.errors import DataError
from sunwi.params.dense import DenseParams
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.approximate import ApproximateDenseRetriever
from sunwi.search.retrievers.dense import DenseRetriever


def unit(seed: int, count: int, dimensions: int) -> npt.NDArray[np.float16]:
    raw = np.random.default_rng(seed).normal(size=(count, dimensions))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float16)


def batch(vectors: npt.NDArray[np.float16]) -> QueryBatch:
    qids = [str(at) for at in range(len(vectors))]
    return QueryBatch(qids, qids, [[] for _ in qids], vectors)


def test_exact_search_in_blocks_equals_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, asked = unit(1, 50, 8), batch(unit(2, 3, 8))
    whole = DenseRetriever(vectors).scores(asked)
    monkeypatch.setattr(DenseRetriever, "WHOLE", 0)
    monkeypatch.setattr(DenseRetriever, "BLOCK", 7)
    np.testing.assert_allclose(DenseRetriever(vectors).scores(asked), whole, atol=1e-6)


@pytest.mark.parametrize(("kind", "least"), [("hnsw", 0.95), ("ivfpq", 0.6)])
def test_it_finds_what_exact_search_finds(kind: Literal["hnsw", "ivfpq"], least: float) -> None:
    centres = unit(3, 40, 16).astype(np.float32)
    noise = np.random.default_rng(4).normal(scale=0.05, size=(1200, 16))
    vectors = (np.repeat(centres, 30, axis=0) + noise).astype(np.float16)
    asked = batch((centres[:9] + 0.01).astype(np.float16))
    params = DenseParams(index=kind, depth=20, nlist=16, nprobe=16, pq_m=16)
    exact = DenseRetriever(vectors).scores(asked)
    found = ApproximateDenseRetriever(vectors, params).scores(asked)
    best, near = np.argsort(-exact, axis=1)[:, :20], np.argsort(-found, axis=1)[:, :20]
    shared = [len(set(a) & set(b)) / 20 for a, b in zip(best, near, strict=True)]
    assert np.mean(shared) > least
    again = ApproximateDenseRetriever(vectors, params).scores(asked)
    np.testing.assert_array_equal(found, again)
    if kind == "hnsw":  # its vectors are whole: the scores it finds are exact, and so is the mean
        rows = np.arange(9)[:, None]
        np.testing.assert_allclose(found[rows, near], exact[rows, near], atol=1e-3)
        np.testing.assert_allclose(found.mean(axis=1), exact.mean(axis=1), atol=1e-2)


def test_it_says_what_it_wants() -> None:
    with pytest.raises(DataError, match="does not divide the 16 dimensions"):
        ApproximateDenseRetriever(unit(1, 300, 16), DenseParams(index="ivfpq", pq_m=5))
    with pytest.raises(DataError, match="flat, which is exact"):
        ApproximateDenseRetriever(unit(1, 30, 16), DenseParams(index="ivfpq", pq_m=4))
    with pytest.raises(DataError, match="no passage vector"):
        ApproximateDenseRetriever(unit(1, 0, 16), DenseParams(index="hnsw"))
