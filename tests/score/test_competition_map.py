"""The competition's MAP: worked by hand, and against a plain loop over the rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.errors import DataError
from sunwi.score.competition_map import competition_average_precision, competition_map

DOCUMENTS = ["a", "b", "c", "d", "e"]
topks = st.lists(st.sampled_from(DOCUMENTS), unique=True)
relevants = st.sets(st.sampled_from(DOCUMENTS))


@pytest.mark.parametrize(
    ("relevant", "topk", "expected"),
    [
        pytest.param("a", "abc", 1.0, id="first"),
        pytest.param("b", "abc", 1 / 2, id="second"),
        pytest.param("c", "abc", 1 / 3, id="third"),
        pytest.param("d", "abcd", 0.0, id="below-the-cutoff"),
        pytest.param("ac", "abc", (1 / 1 + 2 / 3) / 2, id="two-hits"),
        pytest.param("bc", "abc", (1 / 2 + 2 / 3) / 2, id="late-hits"),
        pytest.param("abc", "abc", 1.0, id="all-hits"),
        pytest.param("abcde", "a", 1.0, id="divided-by-hits-found-not-by-relevant"),
        pytest.param("a", "", 0.0, id="nothing-submitted"),
        pytest.param("", "", 1.0, id="small-talk-left-empty"),
        pytest.param("", "a", 0.0, id="small-talk-answered"),
        pytest.param("", "xyzw", 0.0, id="small-talk-answered-beyond-the-cutoff"),
    ],
)
def test_average_precision_by_hand(relevant: str, topk: str, expected: float) -> None:
    assert competition_average_precision(set(relevant), list(topk)) == pytest.approx(expected, abs=1e-15)


def test_map_is_the_mean_over_all_submitted_queries() -> None:
    relevant = {"1": {"a"}, "2": {"b"}}
    topk = {"1": ["a"], "2": ["x", "b"], "3": [], "4": ["x"]}
    assert competition_map(relevant, topk) == pytest.approx((1 + 1 / 2 + 1 + 0) / 4)


def test_map_of_no_query_is_refused() -> None:
    with pytest.raises(DataError, match="has no query"):
        competition_map({}, {})


@given(relevant=relevants, topk=topks, cutoff=st.integers(1, 6))
def test_average_precision_follows_the_rule_step_by_step(
    relevant: set[str], topk: list[str], cutoff: int
) -> None:
    if relevant:
        hit_count, precision_sum = 0, 0.0
        for position, docid in enumerate(topk[:cutoff]):
            if docid in relevant:
                hit_count += 1
                precision_sum += hit_count / (position + 1)
        expected = precision_sum / hit_count if hit_count else 0.0
    else:
        expected = 0.0 if topk else 1.0
    assert competition_average_precision(relevant, topk, cutoff) == expected


@given(relevant=relevants, topk=topks)
def test_average_precision_lies_between_0_and_1(relevant: set[str], topk: list[str]) -> None:
    assert 0 <= competition_average_precision(relevant, topk) <= 1
