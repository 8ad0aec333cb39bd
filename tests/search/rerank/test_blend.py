from __future__ import annotations

import numpy as np
import pytest

from sunwi.search.rerank.blend import FIRST, ScoredList, blend, fit_blend, list_mrr, ranked_relevance


def scores(**columns: list[float]) -> dict[str, np.ndarray]:
    return {name: np.array(values, dtype=np.float32) for name, values in columns.items()}


def test_blend_by_hand() -> None:
    """z of [3, 1] is [1, -1], of [0, 4] is [-1, 1]."""
    total = blend(scores(**{FIRST: [3, 1], "late": [0, 4]}), {"late": 0.5})
    assert total.tolist() == pytest.approx([0.5, -0.5])


def test_a_scorer_without_spread_or_weight_has_no_say() -> None:
    alone = blend(scores(**{FIRST: [3, 2, 1]}), {})
    assert np.allclose(blend(scores(**{FIRST: [3, 2, 1], "flat": [5, 5, 5]}), {"flat": 9.0}), alone)
    assert np.allclose(blend(scores(**{FIRST: [3, 2, 1], "off": [1, 2, 3]}), {}), alone)


def test_ties_keep_the_retrievers_order_and_short_lists_are_filled() -> None:
    lists = [
        ScoredList(scores(**{FIRST: [1, 1, 0]}), np.array([False, True, False])),
        ScoredList(scores(**{FIRST: [1, 2]}), np.array([True, False])),
    ]
    assert ranked_relevance(lists, {}).tolist() == [[False, True, False], [False, True, False]]
    assert ranked_relevance([], {}).shape == (0, 0)


def test_fit_uses_what_helps_and_leaves_out_what_does_not() -> None:
    lists = [
        ScoredList(
            scores(**{FIRST: [2, 1, 0], "good": [0, 9, 0], "bad": [9, 0, 0]}), np.array([False, True, False])
        ),
        ScoredList(
            scores(**{FIRST: [2, 1, 0], "good": [0, 0, 9], "bad": [9, 5, 0]}), np.array([False, False, True])
        ),
    ]
    weights, curve = fit_blend(lists, ["bad", "good"], [0.0, 1.0, 4.0])
    assert weights == {"bad": 0.0, "good": 4.0}
    assert len(curve) == 9
    assert list_mrr(lists, weights) == 1.0
    assert list_mrr(lists, {}) == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert list_mrr([], {}) == 0.0
