"""Tables of scored variants: worked by hand, their laws, and the files' bytes."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.errors import InputProblems
from sunwi.params.score import ScoreParams
from sunwi.score.comparison import compare_variants
from sunwi.score.measuring import of_rankings
from sunwi.score.table import Scores, score_runs, write_scores
from sunwi.trec import Qrels, Run

PARAMS = ScoreParams(baseline="base", bootstrap=200, permutations=200)
Topk = dict[str, list[str]]

# Four queries: two with one relevant document, one with two, one (small talk) with none.
QRELS: Qrels = {"1": {"a": 1}, "2": {"b": 1}, "3": {"c": 1, "d": 1}}
QUERIES = ["1", "2", "3", "4"]
BASE: Run = {"1": {"x": 2.0, "a": 1.0}, "2": {"x": 2.0, "y": 1.0}, "3": {"c": 2.0, "x": 1.0}}
BASE_TOPK: Topk = {"1": ["x", "a"], "2": ["x", "y"], "3": ["c", "x"], "4": ["x"]}
NEW: Run = {"1": {"a": 2.0, "x": 1.0}, "2": {"x": 2.0, "b": 1.0}, "3": {"c": 2.0, "d": 1.0}}
NEW_TOPK: Topk = {"1": ["a", "x"], "2": ["x", "b"], "3": ["c", "d"], "4": []}


def score(**changes: Any) -> Scores:
    inputs: dict[str, Any] = {
        "qrels": QRELS,
        "runs": {"base": BASE, "new": NEW},
        "topk": {"base": BASE_TOPK, "new": NEW_TOPK},
        "query_ids": QUERIES,
        "params": PARAMS,
        "seed": 42,
    }
    return score_runs(**{**inputs, **changes})


def test_summary_by_hand() -> None:
    summary = score().summary
    base, new = summary["base"], summary["new"]
    assert base["map"] == pytest.approx((1 / 2 + 0 + 1 + 0) / 4)
    assert new["map"] == pytest.approx((1 + 1 / 2 + 1 + 1) / 4)
    assert base["mrr"] == pytest.approx((1 / 2 + 0 + 1) / 3)  # query 4 has no relevant document
    assert new["mrr"] == pytest.approx(0.8333)
    assert (base["recall10"], new["recall10"]) == (0.5, 1.0)
    assert (base["hit1"], new["hit1"]) == (0.3333, 0.6667)
    assert base["map_low"] <= base["map"] <= base["map_high"]
    assert new["delta_map"] == pytest.approx(0.5)
    assert new["p_map"] == 2 / 8  # +1/2, +1/2, 0, +1: only +++ and --- reach the sum
    assert not {"delta_map", "p_map"} & base.keys()
    assert (base["queries"], base["labelled_queries"]) == (4, 3)
    assert (base["empty_topk"], new["empty_topk"]) == (0, 1)


def test_detail_has_every_measure_and_the_paired_gain() -> None:
    detail = score().detail
    variants = detail["all"]["variants"]
    assert len(variants["new"]["measures"]) == 14
    for row in variants["new"]["measures"].values():
        assert row["low"] <= row["mean"] <= row["high"]
    gain = variants["new"]["against_baseline"]
    assert gain.keys() == {"map", "mrr"}
    assert gain["mrr"]["delta"] == pytest.approx(1 / 3, abs=1e-6)
    assert gain["mrr"]["p"] == 2 / 4
    assert "against_baseline" not in variants["base"]
    assert detail["settings"] == {**PARAMS.model_dump(), "seed": 42}


def test_p_values_are_adjusted_over_the_variants() -> None:
    runs = {"base": BASE, "new": NEW, "other": NEW, "same": BASE}
    topk = {"base": BASE_TOPK, "new": NEW_TOPK, "other": NEW_TOPK, "same": BASE_TOPK}
    summary = score(runs=runs, topk=topk).summary
    assert [summary[name]["p_map"] for name in ("new", "other", "same")] == [0.75, 0.75, 1.0]
    alone = score().detail["all"]["variants"]["new"]
    beside = score(runs=runs, topk=topk).detail["all"]["variants"]["new"]
    assert alone["measures"] == beside["measures"]
    for measure in ("map", "mrr"):
        for key in ("delta", "low", "high", "p"):
            assert alone["against_baseline"][measure][key] == beside["against_baseline"][measure][key]


def test_identical_variants_have_no_gain() -> None:
    detail = score(runs={"base": BASE, "new": BASE}, topk={"base": BASE_TOPK, "new": BASE_TOPK}).detail
    gain = detail["all"]["variants"]["new"]["against_baseline"]
    assert gain["map"] == gain["mrr"] == {"delta": 0, "low": 0, "high": 0, "p": 1, "p_holm": 1}


def test_gains_that_cancel_are_written_without_a_sign() -> None:
    gains = {"1": 0.1, "2": 0.2, "3": -0.3 - 1e-9}
    values = {
        "base": {"map": dict.fromkeys(gains, 0.5)},
        "new": {"map": {q: 0.5 + g for q, g in gains.items()}},
    }
    empty: dict[str, dict[str, float]] = {one.key: {} for one in of_rankings()}
    values = {name: {**empty, **found} for name, found in values.items()}
    delta = compare_variants(values, list(gains), PARAMS, 0)["new"]["against_baseline"]["map"]["delta"]
    assert str(delta) == "0.0"


def test_strata_are_scored_as_if_they_were_all() -> None:
    part = score(strata={"low_overlap": ["2", "1"], "talk": ["4"], "none": []}).detail["strata"]
    variants = part["low_overlap"]["variants"]
    assert variants["base"]["measures"]["map"]["mean"] == 0.25
    assert variants["new"]["against_baseline"]["map"]["delta"] == 0.5
    assert part["low_overlap"]["counts"]["queries"] == 2
    assert part["talk"]["variants"]["new"]["measures"] == {"map": {"mean": 1.0, "low": 1.0, "high": 1.0}}
    assert part["talk"]["counts"]["labelled_queries"] == 0
    assert part["none"]["variants"]["new"]["measures"] == {}

    queries = ["1", "2"]
    alone = score(
        runs={"base": {qid: BASE[qid] for qid in queries}, "new": {qid: NEW[qid] for qid in queries}},
        topk={
            "base": {qid: BASE_TOPK[qid] for qid in queries},
            "new": {qid: NEW_TOPK[qid] for qid in queries},
        },
        query_ids=queries,
    )
    assert alone.detail["all"] == part["low_overlap"]


def test_counts_tell_what_was_scored_as_zero() -> None:
    run = {qid: scores for qid, scores in NEW.items() if qid != "3"}
    qrels = {**QRELS, "elsewhere": {"a": 1}}
    detail = score(qrels=qrels, runs={"base": BASE, "new": run}).detail
    counts = detail["all"]["counts"]["variants"]
    assert counts["new"] == {"empty_topk": 1, "labelled_without_ranking": 1}
    assert counts["base"] == {"empty_topk": 0, "labelled_without_ranking": 0}
    assert detail["qrels_without_query"] == 1


def test_per_query_rows() -> None:
    rows = score().per_query
    assert [row["query_id"] for row in rows] == QUERIES
    assert rows[1] == {
        "query_id": "2",
        "relevant_documents": 1,
        "base.average_precision": 0.0,
        "base.first_relevant_rank": None,
        "new.average_precision": 0.5,
        "new.first_relevant_rank": 2,
    }
    assert rows[3]["new.average_precision"] == 1.0
    assert rows[3]["new.first_relevant_rank"] is None


def test_unlabelled_queries_give_counts_alone() -> None:
    scores = score(qrels={})
    assert scores.summary == {
        "base": {"queries": 4, "labelled_queries": 0, "empty_topk": 0},
        "new": {"queries": 4, "labelled_queries": 0, "empty_topk": 1},
    }
    assert scores.detail["all"]["variants"] == {}
    for row in scores.per_query:
        assert {value for key, value in row.items() if key != "query_id"} == {None}


def test_missing_topk_is_refused() -> None:
    with pytest.raises(InputProblems, match="new: has no topk for the queries 2, 4"):
        score(topk={"base": BASE_TOPK, "new": {qid: NEW_TOPK[qid] for qid in ("1", "3")}})


def random_inputs(seed: int, queries: int) -> dict[str, Any]:
    source = random.Random(seed)
    ids = [str(number) for number in range(queries)]
    docids = [f"d{number}" for number in range(12)]
    runs: dict[str, Run] = {}
    topk: dict[str, Topk] = {}
    for name in ("base", "new", "newer"):
        orders = {qid: source.sample(docids, source.randint(0, 12)) for qid in ids}
        runs[name] = {qid: {docid: -float(at) for at, docid in enumerate(orders[qid])} for qid in ids}
        topk[name] = {qid: order[:3] for qid, order in orders.items()}
    labelled = [*source.sample(ids, queries // 2), ids[0]]
    qrels = {qid: dict.fromkeys(source.sample(docids, 2), 1) for qid in labelled}
    return {"qrels": qrels, "runs": runs, "topk": topk, "query_ids": ids, "strata": {"half": ids[::2]}}


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), queries=st.integers(1, 30), data=st.data())
def test_order_of_the_inputs_changes_nothing(seed: int, queries: int, data: st.DataObject) -> None:
    inputs = random_inputs(seed, queries)
    order = data.draw(st.permutations(inputs["query_ids"]))
    shuffled = {
        "qrels": dict(reversed(inputs["qrels"].items())),
        "runs": {
            name: {qid: dict(reversed(run[qid].items())) for qid in order}
            for name, run in reversed(inputs["runs"].items())
        },
        "topk": {name: {qid: topk[qid] for qid in order} for name, topk in inputs["topk"].items()},
        "query_ids": order,
        "strata": {"half": list(reversed(inputs["strata"]["half"]))},
    }
    assert score(**inputs) == score(**shuffled)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), queries=st.integers(1, 30))
def test_every_value_lies_in_its_range(seed: int, queries: int) -> None:
    detail = score(**random_inputs(seed, queries)).detail
    for part in (detail["all"], detail["strata"]["half"]):
        for variant in part["variants"].values():
            for row in variant["measures"].values():
                assert 0 <= row["low"] <= row["high"] <= 1
                assert 0 <= row["mean"] <= 1
            for gain in variant.get("against_baseline", {}).values():
                assert -1 <= gain["low"] <= gain["high"] <= 1
                assert 0 < gain["p"] <= gain["p_holm"] <= 1


WRITE_SCRIPT = """
import json, sys
from pathlib import Path
from sunwi.params.score import ScoreParams
from sunwi.score.comparison import compare_variants
from sunwi.score.table import score_runs, write_scores
inputs = json.load(sys.stdin)
params = ScoreParams(baseline="base", bootstrap=500, permutations=500)
write_scores(score_runs(**inputs, params=params, seed=7), Path(sys.argv[1]))
"""


def test_bytes_are_equal_in_every_process_and_for_every_thread_count(tmp_path: Path) -> None:
    inputs = json.dumps(random_inputs(3, 300))
    written = []
    for threads, hash_seed in (("1", "1"), ("2", "2")):
        folder = tmp_path / threads
        subprocess.run(
            [sys.executable, "-c", WRITE_SCRIPT, str(folder)],
            input=inputs,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(sys.path),
                "PYTHONHASHSEED": hash_seed,
                "OPENBLAS_NUM_THREADS": threads,
            },
            text=True,
            check=True,
        )
        files = [path for path in folder.rglob("*") if path.is_file()]
        written.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
    assert written[0] == written[1]
    tables = {"plots/map_ladder.csv", "plots/recall.csv"}
    assert written[0].keys() == {"scores.json", "scores_detail.json", "per_query.csv"} | tables


def test_files_hold_what_was_scored(tmp_path: Path) -> None:
    odd = '2 "quoted", with comma'
    rename = {"1": "1", "2": odd, "3": "3", "4": "4"}
    scores = score(
        qrels={rename[qid]: grades for qid, grades in QRELS.items()},
        runs={name: {rename[q]: run[q] for q in run} for name, run in (("base", BASE), ("new", NEW))},
        topk={name: {rename[q]: t[q] for q in t} for name, t in (("base", BASE_TOPK), ("new", NEW_TOPK))},
        query_ids=list(rename.values()),
    )
    write_scores(scores, tmp_path)
    assert json.loads((tmp_path / "scores.json").read_text("utf-8")) == scores.summary
    assert json.loads((tmp_path / "scores_detail.json").read_text("utf-8")) == scores.detail
    raw = (tmp_path / "per_query.csv").read_bytes()
    assert b"\r" not in raw
    rows = list(csv.DictReader(raw.decode("utf-8").splitlines()))
    assert [row["query_id"] for row in rows] == ["1", odd, "3", "4"]
    assert rows[1]["base.first_relevant_rank"] == ""
    assert rows[1]["new.average_precision"] == "0.5"


def test_plot_tables(tmp_path: Path) -> None:
    scores = score()
    write_scores(scores, tmp_path)
    ladder = list(csv.DictReader((tmp_path / "plots" / "map_ladder.csv").read_text("utf-8").splitlines()))
    assert [row["variant"] for row in ladder] == ["base", "new"]  # lowest MAP first
    assert float(ladder[1]["map"]) == scores.summary["new"]["map"]
    recall = list(csv.DictReader((tmp_path / "plots" / "recall.csv").read_text("utf-8").splitlines()))
    assert [(row["variant"], row["depth"]) for row in recall[:4]] == [
        ("base", depth) for depth in ("1", "5", "10", "50")
    ]
    assert float(recall[4]["recall"]) == pytest.approx((1 + 0 + 1 / 2) / 3, abs=1e-6)  # new at depth 1


def test_plot_tables_without_labels_have_their_heads(tmp_path: Path) -> None:
    write_scores(score(qrels={}), tmp_path)
    assert (tmp_path / "plots" / "map_ladder.csv").read_text("utf-8") == "variant,map,map_low,map_high\n"
