"""Intervals and tests: worked by hand, against scipy, and by their laws."""

from __future__ import annotations

import tracemalloc
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sunwi.errors import DataError
from sunwi.score.significance import EXACT_UP_TO, Floats, bca_intervals, holm, paired_randomisation


def sample(size: int, seed: int, shift: float = 0.0) -> Floats:
    return np.random.default_rng(seed).gamma(1.0, 1.0, size) - 1 + shift


differences = st.lists(st.sampled_from([-1.0, -0.5, -1 / 3, 0.0, 1 / 3, 0.5, 1.0]), min_size=1, max_size=12)


class TestBcaIntervals:
    @pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
    @pytest.mark.parametrize("size", [9, 60, 300])
    def test_agrees_with_scipy_on_the_same_draws(self, size: int, confidence: float) -> None:
        values = sample(size, seed=size)
        theirs = stats.bootstrap(
            (values,),
            np.mean,
            n_resamples=2000,
            confidence_level=confidence,
            method="BCa",
            rng=np.random.Generator(np.random.PCG64(5)),
        ).confidence_interval
        low, high = bca_intervals(values[:, None], confidence, 2000, seed=5)[0]
        assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)

    def test_agrees_with_scipy_when_many_means_tie(self) -> None:
        values = np.array([0.0] * 13 + [1.0] * 7)
        theirs = stats.bootstrap(
            (values,), np.mean, n_resamples=4000, method="BCa", rng=np.random.Generator(np.random.PCG64(5))
        ).confidence_interval
        limits = bca_intervals(values[:, None], 0.95, 4000, seed=5)[0]
        assert tuple(limits) == pytest.approx((theirs.low, theirs.high), abs=1e-9)

    @pytest.mark.parametrize("value", [0.0, 1 / 3, 1.0, -2.5])
    @pytest.mark.parametrize("queries", [1, 7])
    def test_equal_values_give_that_value_twice(self, value: float, queries: int) -> None:
        assert bca_intervals(np.full((queries, 1), value), 0.95, 100, seed=1).tolist() == [[value, value]]

    def test_a_column_does_not_depend_on_the_columns_beside_it(self) -> None:
        table = np.column_stack([sample(50, seed) for seed in range(5)])
        together = bca_intervals(table, 0.95, 500, seed=3)
        alone = [bca_intervals(table[:, [column]], 0.95, 500, seed=3)[0] for column in range(5)]
        assert together.tolist() == [limits.tolist() for limits in alone]

    def test_seed_decides_every_bit(self) -> None:
        values = sample(40, 1)[:, None]
        first = bca_intervals(values, 0.95, 300, seed=1)
        assert first.tobytes() == bca_intervals(values, 0.95, 300, seed=1).tobytes()
        assert first.tobytes() != bca_intervals(values, 0.95, 300, seed=2).tobytes()

    def test_covers_the_true_mean_about_as_often_as_it_says(self) -> None:
        samples = np.random.default_rng(0).exponential(1.0, (40, 400))
        limits = bca_intervals(samples, 0.9, 1000, seed=0)
        covered = np.mean((limits[:, 0] <= 1) & (limits[:, 1] >= 1))
        assert 0.82 <= covered <= 0.95

    def test_one_resample_and_extreme_confidence_stay_finite(self) -> None:
        values = np.array([[0.0], [0.0], [0.0], [1.0]])
        for resamples, confidence in product((1, 2, 50), (0.01, 0.9999999)):
            low, high = bca_intervals(values, confidence, resamples, seed=0)[0]
            assert 0 <= low <= high <= 1

    def test_limit_beyond_the_formula_is_the_end_of_the_distribution(self) -> None:
        values = np.zeros((400, 1))
        values[0] = 1.0  # acceleration near 1/6, its largest: the formula ends at a normal quantile of 6
        low, high = bca_intervals(values, 1 - 1e-12, 200, seed=0)[0]
        assert low == 0
        assert high == bca_intervals(values, 0.9999, 200, seed=0)[0, 1] > 2 / 400

    @pytest.mark.parametrize("scale", [1e-200, 1e-9, 1.0, 1e150])
    def test_scales_with_the_values(self, scale: float) -> None:
        values = sample(30, 4)[:, None]
        assert bca_intervals(values * scale, 0.95, 200, seed=1) == pytest.approx(
            bca_intervals(values, 0.95, 200, seed=1) * scale, rel=1e-9, abs=0
        )

    @settings(max_examples=30)
    @given(values=differences)
    def test_limits_are_ordered_and_within_the_values(self, values: list[float]) -> None:
        low, high = bca_intervals(np.array(values)[:, None], 0.95, 100, seed=0)[0]
        assert min(values) - 1e-12 <= low <= high <= max(values) + 1e-12

    def test_no_query_and_nan_are_refused(self) -> None:
        with pytest.raises(DataError, match="no query"):
            bca_intervals(np.empty((0, 1)), 0.95, 10, seed=0)
        with pytest.raises(DataError, match="not finite"):
            bca_intervals(np.array([[np.nan], [1.0]]), 0.95, 10, seed=0)


class TestPairedRandomisation:
    def test_by_hand(self) -> None:
        # +1 +1 +1: of 8 sign vectors, +++ and --- reach a sum of 3.
        assert paired_randomisation(np.array([1.0, 1.0, 1.0]), 10, seed=0) == 2 / 8
        # +2 +1 -0.5, sum 2.5: +3.5, +2.5 and their mirror images reach it.
        assert paired_randomisation(np.array([2.0, 1.0, -0.5]), 10, seed=0) == 4 / 8

    def test_equal_variants_give_one(self) -> None:
        assert paired_randomisation(np.zeros(30), 10, seed=0) == 1

    @pytest.mark.parametrize("size", [2, 5, 11])
    def test_exact_p_agrees_with_scipy(self, size: int) -> None:
        moved = sample(size, size, shift=0.6)
        theirs = stats.permutation_test(
            (moved,),
            lambda values, axis: values.mean(axis=axis),
            permutation_type="samples",
            n_resamples=np.inf,
            vectorized=True,
        ).pvalue
        assert paired_randomisation(moved, 1, seed=0) == pytest.approx(theirs, abs=1e-12)

    def test_drawn_p_is_near_the_exact_one(self) -> None:
        moved = sample(EXACT_UP_TO + 1, 8, shift=0.4)
        signs = np.array(list(product((-1.0, 1.0), repeat=len(moved))))
        exact = np.mean(np.abs(signs @ moved) >= abs(moved.sum()) - 1e-9)
        drawn = paired_randomisation(moved, 20_000, seed=0)
        assert abs(drawn - exact) < 4 * np.sqrt(exact * (1 - exact) / 20_000)

    def test_drawn_p_is_never_zero(self) -> None:
        assert paired_randomisation(np.ones(200), 999, seed=0) == 1 / 1000

    def test_sums_that_differ_by_rounding_alone_count_as_equal(self) -> None:
        # Every sign vector with one minus has the observed sum, though 0.1 has no exact binary form.
        moved = np.array([0.1] * 9 + [-0.1])
        by_hand = 2 * (1 + 10) / 2**10
        assert paired_randomisation(moved, 1, seed=0) == by_hand
        padded = np.array([0.1] * 19 + [-0.1])
        exact = 2 * (1 + 20) / 2**20
        assert paired_randomisation(padded, 100_000, seed=0) == pytest.approx(exact, abs=1e-4)

    @given(moved=differences, zeros=st.integers(0, 40))
    def test_zeros_order_sign_and_scale_change_nothing(self, moved: list[float], zeros: int) -> None:
        p_value = paired_randomisation(np.array(moved), 50, seed=0)
        assert 0 < p_value <= 1
        assert paired_randomisation(np.array(moved + [0.0] * zeros), 50, seed=0) == p_value
        assert paired_randomisation(-np.array(moved), 50, seed=0) == p_value
        assert paired_randomisation(np.array(sorted(moved)), 50, seed=0) == p_value
        assert paired_randomisation(np.array(moved) * 0.25, 50, seed=0) == p_value

    def test_rejects_a_true_null_at_its_level(self) -> None:
        null = np.random.default_rng(2).normal(0, 1, (300, 25))
        rejected = np.mean([paired_randomisation(row, 400, seed=0) <= 0.1 for row in null])
        assert 0.05 <= rejected <= 0.16


def test_memory_stays_bounded_for_many_queries_and_draws() -> None:
    values = np.random.default_rng(0).random((5000, 2))
    tracemalloc.start()
    try:
        paired_randomisation(values[:, 0] - values[:, 1], 100_000, seed=0)
        bca_intervals(values, 0.95, 2000, seed=0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100e6


class TestHolm:
    def test_by_hand(self) -> None:
        raw = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
        # sorted: d 4 * 0.005, a 3 * 0.01, c 2 * 0.03, b 1 * 0.04 raised to c's 0.06
        assert holm(raw) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})

    def test_one_comparison_stays_as_it_is_and_one_is_the_ceiling(self) -> None:
        assert holm({"a": 0.2}) == {"a": 0.2}
        assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
        assert holm({}) == {}

    @given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=6))
    def test_keeps_the_order_and_lies_between_raw_and_bonferroni(self, raw: dict[str, float]) -> None:
        adjusted = holm(raw)
        assert list(adjusted) == list(raw)
        for name, p_value in raw.items():
            assert p_value <= adjusted[name] <= min(1.0, len(raw) * p_value) + 1e-15
        order = sorted(raw, key=lambda name: raw[name])
        assert [adjusted[name] for name in order] == sorted(adjusted.values())
