"""A row of scores of which a server told the best: mean, spread and least are the corpus's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.search.servers.fill import Found, Moments, filled
from sunwi.search.top import top


@given(
    st.lists(st.floats(0, 50, width=32), min_size=20, max_size=80),
    st.integers(2, 12),
    st.integers(0, 5),
)
def test_known_scores_stay_and_the_rest_has_the_moments_of_the_rest(values, depth, more) -> None:
    scores = np.array(values, dtype=np.float32)
    exact = scores.astype(np.float64)
    best, order = top(scores, depth), top(scores, len(scores))[0]
    others = order[depth + 3 : depth + 3 + more]  # scored by their ids, from below the depth
    moments = Moments(float(exact.mean()), float(exact.std()), float(exact.min()))
    found = filled(Found(*best, True, moments), Found(others, scores[others]), len(scores))
    known = np.concatenate([best[0], others])
    np.testing.assert_array_equal(found[known], scores[known])
    rest = np.setdiff1d(np.arange(len(scores)), known)
    assert (found[rest] <= best[1].min()).all()
    scale = max(1.0, float(exact.max()))
    assert found.astype(np.float64).mean() == pytest.approx(exact.mean(), abs=1e-3 * scale)
    # with few unknown passages one of two values may stand a little off
    assert found.astype(np.float64).std() == pytest.approx(exact.std(), abs=0.02 * scale)


def test_without_moments_the_rest_stands_just_below_the_last() -> None:
    best = Found(np.array([2, 0]), np.array([5, 3], np.float32), True)
    row = filled(best, None, 4)
    assert row[[2, 0]].tolist() == [5, 3]
    assert 2.999 < row[1] == row[3] < 3


def test_of_an_answer_that_is_not_cut_the_rest_scores_zero() -> None:
    best = Found(np.array([2]), np.array([5], np.float32), False, Moments(9, 9, 9))
    assert filled(best, None, 3).tolist() == [0, 0, 5]
