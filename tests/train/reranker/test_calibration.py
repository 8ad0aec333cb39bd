from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.search.rerank.blend import FIRST, ScoredList, blend, probabilities
from sunwi.train.reranker.blend_weights import fit_calibration
from sunwi.train.reranker.calibration import calibrate, expected_calibration_error, fit_platt


def lists_of(seed: int, count: int, slope: float) -> list[ScoredList]:
    """Ten candidates each, relevant with the probability sigmoid(slope * z - 1)."""
    generator = np.random.default_rng(seed)
    actual = []
    for _ in range(count):
        scores = generator.normal(size=10).astype(np.float32)
        chance = 1 / (1 + np.exp(1 - slope * (scores - scores.mean()) / scores.std()))
        actual.append(ScoredList({FIRST: scores}, generator.random(10) < chance))
    return actual


def test_the_sigmoid_that_made_the_labels_is_found() -> None:
    fitted, errors = calibrate(lists_of(1, 600, 2.0), {})
    assert fitted is not None
    assert fitted["slope"] == pytest.approx(2.0, abs=0.2)
    assert fitted["intercept"] == pytest.approx(-1.0, abs=0.1)
    assert errors["ece_after"] < 0.03 < errors["ece_before"]
    assert errors["ece_first_after"] < 0.05


def test_smoothed_targets_keep_the_slope_finite_where_scores_part_the_kinds() -> None:
    """Platt's targets for 2 of each kind are 3/4 and 1/4: at the two scores the optimum is exact."""
    fitted = fit_platt(np.array([1.0, 1.0, -1.0, -1.0]), np.array([True, True, False, False]))
    assert fitted is not None
    assert fitted["slope"] == pytest.approx(np.log(3), abs=1e-3)
    assert fitted["intercept"] == pytest.approx(0.0, abs=1e-3)


def test_one_kind_alone_or_no_list_gives_no_calibration() -> None:
    assert fit_platt(np.array([1.0, 2.0]), np.array([True, True])) is None
    assert calibrate([], {}) == (None, {})
    without = [ScoredList({FIRST: np.array([1.0, 2.0], dtype=np.float32)}, np.zeros(2, dtype=np.bool_))]
    assert calibrate(without, {}) == (None, {})
    assert fit_calibration(without, {"both": {}}) == ({}, {})


def test_calibration_error_by_hand() -> None:
    predicted = np.array([0.95, 0.85, 0.05, 0.05])  # three bins; the last holds half of the rows
    relevant = np.array([True, False, True, False])
    assert expected_calibration_error(predicted, relevant) == pytest.approx(
        0.25 * 0.05 + 0.25 * 0.85 + 0.5 * 0.45
    )


@settings(max_examples=30)
@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=12),
    st.floats(0.01, 20),
    st.floats(-1000, 1000),
)
def test_probabilities_keep_the_order_and_lie_between_0_and_1(
    values: list[float], slope: float, intercept: float
) -> None:
    scores = np.sort(np.array(values))
    actual = probabilities(scores, {"slope": slope, "intercept": intercept})
    assert ((actual >= 0) & (actual <= 1)).all()
    assert (np.diff(actual) >= 0).all()


def test_errors_are_of_lists_that_the_fit_did_not_see() -> None:
    """Five lists, one a fold: each is judged by the other four's sigmoid."""
    lists = lists_of(3, 5, 3.0)
    _, errors = calibrate(lists, {})
    flat = [np.asarray(blend(scored_list.scores, {}), dtype=np.float64) for scored_list in lists]
    predicted = []
    for number, of in enumerate(flat):
        others = [row for row in range(5) if row != number]
        fitted = fit_platt(
            np.concatenate([flat[row] for row in others]),
            np.concatenate([lists[row].relevant for row in others]),
        )
        assert fitted is not None
        predicted.append(probabilities(of, fitted))
    expected = expected_calibration_error(
        np.concatenate(predicted), np.concatenate([scored_list.relevant for scored_list in lists])
    )
    assert errors["ece_after"] == expected
