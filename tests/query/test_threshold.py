"""The chit-chat threshold: its prior, and how far the queries that people judged move it."""

from __future__ import annotations

import numpy as np
import pytest

from sunwi.params.query import QueryParams
from sunwi.query.threshold import DevEvidence, Threshold, choose_threshold

OF_EXAMPLES = 0.6
JUDGED = [(0.1, False), (0.2, False), (0.7, True), (0.9, True)]  # decided best at (0.2 + 0.7) / 2 = 0.45


def chosen(
    judged: list[tuple[float, bool]],
    given: list[tuple[float, bool]] | None = None,
    prior_questions: int = 4,
    params: QueryParams | None = None,
) -> Threshold:
    rows = [*((*row, True) for row in judged), *((*row, False) for row in given or [])]
    evidence = DevEvidence(
        np.array([row[0] for row in rows], dtype=np.float64),
        np.array([row[1] for row in rows], dtype=bool),
        np.array([row[2] for row in rows], dtype=bool),
    )
    return choose_threshold(evidence, OF_EXAMPLES, params or QueryParams(), prior_questions)


def test_as_many_judged_queries_as_the_prior_meet_it_halfway() -> None:
    found = chosen(JUDGED)
    assert found.value == pytest.approx((4 * 0.45 + 4 * 0.6) / 8)  # 0.525
    assert found.source == "judged"
    assert found.judged == {
        "queries": 4, "chitchat": 2, "prior": 0.6, "prior_source": "examples", "fitted": pytest.approx(0.45),
        "right_by_prior": 4, "right": 4,
    }  # fmt: skip


def test_few_judged_queries_move_it_little() -> None:
    assert chosen(JUDGED, prior_questions=50).value == pytest.approx((4 * 0.45 + 50 * 0.6) / 54, abs=1e-4)


def test_the_dev_queries_of_the_corpus_are_the_prior() -> None:
    """Decided best at 0.3; the judged ones are no part of it."""
    found = chosen(JUDGED, given=[(0.2, False), (0.4, True)])
    assert (found.judged["prior"], found.judged["prior_source"]) == (pytest.approx(0.3), "dev")
    assert found.value == pytest.approx((4 * 0.45 + 4 * 0.3) / 8)


def test_it_says_how_many_judged_queries_are_decided_as_people_did() -> None:
    found = chosen([(0.1, False), (0.5, True), (0.55, True), (0.7, True)], prior_questions=1)
    assert found.judged["fitted"] == pytest.approx(0.3)
    assert found.value == pytest.approx((4 * 0.3 + 0.6) / 5)  # 0.36
    assert (found.judged["right_by_prior"], found.judged["right"]) == (2, 4)


@pytest.mark.parametrize("chitchat", [False, True])
def test_one_kind_alone_fits_nothing(chitchat: bool) -> None:
    found = chosen([(0.3, chitchat), (0.8, chitchat)])
    assert (found.value, found.source) == (OF_EXAMPLES, "examples")
    assert (found.judged["fitted"], found.judged["queries"], found.judged["right"]) == (None, 2, 1)


def test_params_decide_alone() -> None:
    found = chosen(JUDGED, params=QueryParams(chitchat_threshold=0.15))
    assert (found.value, found.source) == (0.15, "params")
    assert (found.judged["fitted"], found.judged["right"]) == (None, 3)


def test_without_judgements_it_is_the_prior_as_it_is() -> None:
    prior = chosen([], given=[(0.2, False), (0.4, True)])
    assert (prior.value, prior.source, prior.judged) == (pytest.approx(0.3), "dev", {})
    assert chosen([], given=[(0.2, False)]) == Threshold(OF_EXAMPLES, "examples", {})
