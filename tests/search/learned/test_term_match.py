"""How the terms of a query lie in a passage, by hand and against all runs of the passage."""

from __future__ import annotations

import math
import random

import pytest

from sunwi.search.learned.term_match import MATCHES, inverse_frequency, term_match

IDF = {"a": 4.0, "b": 2.0, "c": 1.0, "d": 1.0}


def match(query: dict[str, float], passage: list[str], window: int = 3) -> dict[str, float]:
    return dict(zip(MATCHES, term_match(query, passage, window), strict=True))


def test_by_hand() -> None:
    """a and b stand three terms apart, c is next to b, d is missing."""
    found = match(IDF, ["a", "x", "y", "b", "c", "x"])
    assert found == pytest.approx(
        {
            "coverage": 7 / 8,
            "window": 4 / 8,  # a alone; b and c together have 3
            "count_share": 3 / 4,
            "largest_hit": 1.0,
            "largest_missed": 1 / 4,
            "span": 5 / 6,
            "length": math.log(7),
        }
    )
    assert match(IDF, ["a", "x", "y", "b", "c", "x"], window=4)["window"] == 6 / 8


def test_nothing_in_common_and_empty_texts() -> None:
    found = match(IDF, ["x", "y"])
    assert (found["coverage"], found["window"], found["largest_missed"], found["span"]) == (0, 0, 1, 1)
    assert match(IDF, [])["length"] == 0
    assert match({}, ["x"])["largest_missed"] == 0


@pytest.mark.parametrize("seed", range(20))
def test_against_every_run_of_the_passage(seed: int) -> None:
    draw = random.Random(seed)
    passage = draw.choices("abcdxyz", k=draw.randrange(1, 15))
    window = draw.randrange(1, 6)
    found = match(IDF, passage, window)
    runs = [passage[start:end] for start in range(len(passage)) for end in range(start + 1, len(passage) + 1)]
    best = max(sum(IDF[term] for term in set(run) & IDF.keys()) for run in runs if len(run) <= window)
    assert found["window"] == pytest.approx(best / 8)
    present = set(passage) & IDF.keys()
    if present:
        assert found["span"] == min(len(run) for run in runs if present <= set(run)) / len(passage)


def test_a_rarer_term_weighs_more() -> None:
    assert inverse_frequency(100, 1) > inverse_frequency(100, 50) > inverse_frequency(100, 100) > 0
    assert inverse_frequency(10, 4) == pytest.approx(math.log(1 + 6.5 / 4.5))
