from __future__ import annotations

import numpy as np
import pytest

from sunwi.errors import DataError
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Retriever
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.retrievers.dense_torch import TorchDenseRetriever, use_gpu


def unit(seed: int, rows: int) -> np.ndarray:
    made = np.random.default_rng(seed).normal(size=(rows, 16))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float16)


def devices() -> list[str]:
    import torch

    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


@pytest.mark.parametrize("block", [7, 1_000])
@pytest.mark.parametrize("device", devices())
def test_scores_and_best_passages_are_numpys(
    device: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TorchDenseRetriever, "BLOCK", block)
    passages, asked = unit(1, 50), unit(2, 6)
    queries = QueryBatch([f"q{at}" for at in range(6)], ["질문"] * 6, [[] for _ in range(6)], asked)
    found = TorchDenseRetriever(passages, device).scores(queries)
    expected = DenseRetriever(passages).scores(queries)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(found.argsort(axis=1)[:, -10:], expected.argsort(axis=1)[:, -10:])


def test_no_vector_is_an_error() -> None:
    with pytest.raises(DataError, match="no passage vector"):
        TorchDenseRetriever(unit(1, 0), "cpu")


def test_a_gpu_takes_over_where_there_is_one() -> None:
    vectors = unit(1, 5)
    dense, words = DenseRetriever(vectors), DenseRetriever(vectors)
    retrievers: dict[str, Retriever] = {"bm25": words, "dense": dense}
    use_gpu(retrievers, vectors)
    assert list(retrievers) == ["bm25", "dense"]
    assert retrievers["bm25"] is words
    if "cuda" in devices():
        assert isinstance(retrievers["dense"], TorchDenseRetriever)
    else:
        assert retrievers["dense"] is dense
