"""Normalisation and fusion: by hand, against ranx, and what must not matter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sunwi.errors import DataError
from sunwi.search.fusion.comb import comb_fusion
from sunwi.search.fusion.methods.alpha import alpha_fusion
from sunwi.search.fusion.normalise import minmax, zscore
from sunwi.search.fusion.rrf import reciprocal_rank_fusion
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.retrievers.base import Scores

FINITE = st.floats(-100, 100, width=32)
MATRIX = arrays(np.float32, (2, 5), elements=FINITE)


def rows(*values: list[float]) -> Scores:
    return np.array(values, dtype=np.float32)


def test_zscore_by_hand() -> None:
    found = zscore(rows([1, 2, 3], [4, 4, 4]))
    np.testing.assert_allclose(found, [[-1.2247449, 0, 1.2247449], [0, 0, 0]], atol=1e-6)


@settings(max_examples=60)
@given(MATRIX)
def test_zscores_have_mean_0_and_deviation_1_or_are_0(scores: Scores) -> None:
    found = zscore(scores)
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-4)
    for row, values in zip(found, scores, strict=True):
        if values.std(dtype=np.float64) > 1e-3:
            assert row.std() == pytest.approx(1, abs=1e-3)
        elif (values == values[0]).all():
            assert (row == 0).all()


def test_weighted_sum_by_hand() -> None:
    a, b = rows([1, 2, 3]), rows([9, 0, 0])  # z of b: sqrt 2, -1/sqrt 2, -1/sqrt 2
    found = weighted_sum({"b": b, "a": a}, {"a": 2.0, "b": 0.5})
    expected = [-2 * 1.2247449 + 0.5 * 2**0.5, -0.5 / 2**0.5, 2 * 1.2247449 - 0.5 / 2**0.5]
    np.testing.assert_allclose(found[0], expected, atol=1e-6)
    np.testing.assert_array_equal(weighted_sum({"a": a, "b": b}, {"b": 0.0}), zscore(a))


def test_reciprocal_rank_fusion_by_hand() -> None:
    scores = {"a": rows([3, 2, 1]), "b": rows([1, 3, 2])}
    found = reciprocal_rank_fusion(scores, k=60, depth=3, weights={"b": 2.0})
    np.testing.assert_allclose(found[0], [1 / 61 + 2 / 63, 1 / 62 + 2 / 61, 1 / 63 + 2 / 62], atol=1e-7)


def test_passages_that_a_retriever_did_not_find_get_nothing_from_it() -> None:
    dense, bm25 = rows([0.1, 0.2, 0.3, 0.4]), rows([0, 0, 1.5, 0])
    found = reciprocal_rank_fusion({"dense": dense, "bm25": bm25}, k=60, depth=4)
    np.testing.assert_allclose(found[0], [1 / 64, 1 / 63, 1 / 62 + 1 / 61, 1 / 61], atol=1e-7)
    silent = reciprocal_rank_fusion({"dense": dense, "bm25": np.zeros_like(dense)}, k=60, depth=4)
    np.testing.assert_array_equal(silent, reciprocal_rank_fusion({"dense": dense}, k=60, depth=4))


def as_run(scores: Scores) -> dict[str, dict[str, float]]:
    return {
        f"q{at}": {f"d{to}": float(score) for to, score in enumerate(row)} for at, row in enumerate(scores)
    }


@pytest.mark.parametrize("seed", range(3))
def test_fusion_equals_ranx(seed: int) -> None:
    from ranx import Run, fuse

    generator = np.random.default_rng(seed)
    scores = {name: generator.normal(size=(4, 20)).astype(np.float32) for name in ("a", "b")}
    runs = [Run(as_run(scores[name])) for name in ("a", "b")]
    expected = {
        "rrf": fuse(runs=runs, norm=None, method="rrf", params={"k": 60}),
        "sum": fuse(runs=runs, norm="zmuv", method="wsum", params={"weights": (0.4, 1.0)}),
    }
    found = {
        "rrf": reciprocal_rank_fusion(scores, k=60, depth=20),
        "sum": weighted_sum(scores, {"a": 0.4, "b": 1.0}),
    }
    for method, run in expected.items():
        oracle = [[run.run[f"q{at}"][f"d{to}"] for to in range(20)] for at in range(4)]
        np.testing.assert_allclose(found[method], oracle, atol=1e-5)


def reverse(scores: Mapping[str, Scores]) -> dict[str, Scores]:
    return dict(reversed(scores.items()))


@settings(max_examples=60)
@given(MATRIX, MATRIX, MATRIX, st.permutations(range(5)))
def test_the_order_of_retrievers_does_not_matter(a: Scores, b: Scores, c: Scores, order: list[int]) -> None:
    scores = {"a": a, "b": b, "c": c}
    weights = {"a": 0.3, "b": 2.0}
    fused = weighted_sum(scores, weights)
    np.testing.assert_array_equal(fused, weighted_sum(reverse(scores), weights))
    np.testing.assert_array_equal(
        reciprocal_rank_fusion(scores, 60, 3, weights),
        reciprocal_rank_fusion(reverse(scores), 60, 3, weights),
    )
    moved = weighted_sum({name: values[:, order] for name, values in scores.items()}, weights)
    np.testing.assert_allclose(moved, fused[:, order], atol=1e-3)  # nor does the order of passages


@settings(max_examples=60)
@given(MATRIX, st.floats(0.5, 4, width=32))
def test_the_scale_of_a_retriever_does_not_matter(scores: Scores, factor: float) -> None:
    np.testing.assert_allclose(zscore(scores * np.float32(factor)), zscore(scores), atol=1e-2)


def test_minmax_by_hand() -> None:
    np.testing.assert_allclose(minmax(rows([1, 2, 5], [4, 4, 4])), [[0, 0.25, 1], [0, 0, 0]])


@pytest.mark.parametrize(("ours", "theirs"), [("minmax", "min-max"), ("zscore", "zmuv")])
def test_alpha_fusion_equals_ranx(ours: str, theirs: str) -> None:
    from ranx import Run, fuse

    generator = np.random.default_rng(7)
    scores = {name: generator.normal(size=(3, 9)).astype(np.float32) for name in ("bm25", "dense")}
    runs = [Run(as_run(scores[name])) for name in ("bm25", "dense")]
    run = fuse(runs=runs, norm=theirs, method="wsum", params={"weights": (0.3, 0.7)})
    oracle = [[run.run[f"q{at}"][f"d{to}"] for to in range(9)] for at in range(3)]
    np.testing.assert_allclose(alpha_fusion(scores, 0.7, normalisation=ours), oracle, atol=1e-5)
    np.testing.assert_array_equal(alpha_fusion(scores, 1.0), minmax(scores["dense"]))


def test_alpha_fusion_says_what_it_wants() -> None:
    one = {"dense": rows([1, 2])}
    two = {**one, "bm25": rows([1, 2])}
    with pytest.raises(DataError, match="and one other, found dense"):
        alpha_fusion(one, 0.5)
    with pytest.raises(DataError, match="a share from 0 to 1"):
        alpha_fusion(two, 1.5)
    with pytest.raises(DataError, match="use one of minmax, zscore"):
        alpha_fusion(two, 0.5, normalisation="log")


def test_comb_fusions_by_hand() -> None:
    scores = {"a": rows([4, 3, 2, 0]), "b": rows([0, 9, 0, 5])}
    summed = comb_fusion(scores, "sum", depth=3)  # min-max of a's best 3: 1, .5, 0; of b's found: 1, 0
    np.testing.assert_allclose(summed[0], [1.0, 1.5, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(comb_fusion(scores, "mnz", depth=3)[0], [1.0, 3.0, 0.0, 0.0], atol=1e-6)
    np.testing.assert_array_equal(comb_fusion(reverse(scores), "sum", 3), summed)
