"""Inputs that do not fit each other are refused, all faults at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import pytest

from sunwi.errors import DataError, InputProblems
from sunwi.params.score import ScoreParams
from sunwi.report.headline import headline_view
from sunwi.score.inputs import check_inputs
from sunwi.score.markdown import markdown_table
from sunwi.score.table import score_runs
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
        "new: has a topk for ids that are not queries: 8 (1 in all)",
        "new: has a ranking for ids that are not queries: 9 (1 in all)",
        "new: submits a document twice for the queries 1 (1 in all)",
        "new: has scores that are not finite for the queries 1 (1 in all)",
        "stratum low: has ids that are not queries: 7 (1 in all)",
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
    with pytest.raises(DataError, match=r"score\.baseline is 'gone'; expected one of base, new\. Next: set"):
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
    with pytest.raises(DataError, match="have ids like '1', the qrels like 'q-1'"):
        check(qrels={"q-1": {"a": 1}})


def test_qrels_of_zeros_are_valid_and_the_competition_map_alone_is_measured() -> None:
    """Case 76: an empty list is worth 1 where nothing is relevant, any other 0."""
    qrels: Qrels = {"1": {"a": 0}, "2": {"b": 0}}
    params = ScoreParams(baseline="base", bootstrap=50, permutations=50)
    runs = {"base": RUN, "new": {}}
    scores = score_runs(qrels, runs, {"base": TOPK, "new": {"1": [], "2": []}}, ["1", "2"], params, seed=1)
    assert scores.summary["base"] | {"map": 0.5, "labelled_queries": 0} == scores.summary["base"]
    assert scores.summary["new"]["map"] == 1.0
    assert "mrr" not in scores.summary["base"]
    assert scores.detail["all"]["counts"]["labelled_queries"] == 0
    assert scores.per_query[0]["base.first_relevant_rank"] is None
    assert "| new | 1.000 [" in markdown_table(scores.summary)
    assert headline_view(scores.detail, "new", "base")["labelled_queries"] == 0
