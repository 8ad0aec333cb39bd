"""Inputs that do not fit each other are refused, all faults at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import pytest

from sunwi.errors import DataError, InputProblems
from sunwi.score.inputs import check_inputs
from sunwi.trec import Qrels, Run

QRELS: Qrels = {"1": {"a": 1}}
RUN: Run = {"1": {"a": 1.0}}
TOPK = {"1": ["a"], "2": []}


def check(
    qrels: Qrels = QRELS,
    run: Run = RUN,
    topk: Mapping[str, Sequence[str]] = TOPK,
    query_ids: Sequence[str] = ("1", "2"),
    strata: Mapping[str, Collection[str]] | None = None,
) -> None:
    check_inputs(
        qrels,
        {"base": RUN, "new": run},
        {"base": TOPK, "new": topk},
        query_ids,
        strata=strata or {},
        baseline="base",
    )


def test_inputs_that_fit_pass() -> None:
    check()
    check(qrels={}, strata={"low overlap": {"1"}})


def test_every_missing_id_is_named_in_one_problem() -> None:
    queries = [f"{number:04}" for number in range(500)]
    topk = {qid: ["a"] for qid in queries}
    with pytest.raises(InputProblems) as caught:
        check_inputs(
            {"0000": {"a": 1}},
            {"base": {}, "new": {}},
            {"base": topk, "new": {}},
            queries,
            strata={},
            baseline="base",
        )
    assert all(qid in str(caught.value) for qid in queries)
    assert "new: has no topk for the queries 0000, 0001" in str(caught.value)
    assert "(500 in all)" in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InputProblems) as caught:
        check(
            run={"1": {"a": math.nan}, "9": {"a": 1.0}},
            topk={"1": ["a", "a"], "8": []},
            query_ids=["1", "2", "2"],
            strata={"low": {"7"}},
        )
    faults = [str(problem) for problem in caught.value.problems]
    assert faults == [
        "queries: the list of queries repeats 2 (1 in all)",
        "new: has no topk for the queries 2 (1 in all)",
        "new: has a topk for ids that are no queries, 8 (1 in all)",
        "new: has a ranking for ids that are no queries, 9 (1 in all)",
        "new: submits a document twice for the queries 1 (1 in all)",
        "new: has scores that are not finite for the queries 1 (1 in all)",
        "stratum low: is given ids that are no queries, 7 (1 in all)",
    ]
    assert "Next:" in str(caught.value)


def test_variant_with_a_run_or_topk_alone_is_refused() -> None:
    with pytest.raises(InputProblems) as caught:
        check_inputs(
            QRELS,
            {"base": RUN, "run_only": RUN},
            {"base": TOPK, "topk_only": TOPK},
            ["1", "2"],
            strata={},
            baseline="base",
        )
    assert [str(problem) for problem in caught.value.problems] == [
        "run_only: has no topk",
        "topk_only: has no run",
    ]


def test_unknown_baseline_names_the_variants() -> None:
    with pytest.raises(DataError, match=r"'gone' is none of the variants base, new.*score\.baseline"):
        check_inputs(
            QRELS,
            {"new": RUN, "base": RUN},
            {"new": TOPK, "base": TOPK},
            ["1", "2"],
            strata={},
            baseline="gone",
        )


def test_no_query_is_refused() -> None:
    with pytest.raises(DataError, match="no query"):
        check(query_ids=[])


def test_qrels_of_other_queries_are_refused() -> None:
    with pytest.raises(DataError, match="named like '1', qrels like 'q-1'"):
        check(qrels={"q-1": {"a": 1}})
