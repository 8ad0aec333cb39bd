"""Many sets: measures by hand, tests against a baseline with Holm over sets, mteb's form."""

import math
from pathlib import Path

import pytest

from sunwi.params.score import ScoreParams
from sunwi.records.files import read_json
from sunwi.score.sets.comparison import compare_systems, markdown
from sunwi.score.sets.measures import MAIN, PerQuery, means, measure_set
from sunwi.score.sets.mteb import task_of, task_result, write_results

PARAMS = ScoreParams(bootstrap=200, permutations=200)


def test_measures_by_hand() -> None:
    qrels = {"a": {"d1": 1, "d2": 1}, "b": {"d3": 1}, "c": {"d1": 0}}
    run = {"a": {"d9": 3.0, "d1": 2.0, "d2": 1.0}}
    values = measure_set(qrels, run, ["a", "b", "c"])
    ideal = 1 + 1 / math.log2(3)
    assert values[MAIN]["a"] == pytest.approx((1 / math.log2(3) + 1 / 2) / ideal)
    assert values["map_at_100"]["a"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert values["recall_at_1"]["a"] == 0.0
    assert values["recall_at_3"]["a"] == 1.0
    assert values["mrr_at_10"]["a"] == 0.5
    assert values[MAIN] == {"a": values[MAIN]["a"], "b": 0.0}  # b was not found; c has nothing to find
    assert means(values)["recall_at_3"] == 0.5


def test_ties_are_broken_by_docid() -> None:
    qrels = {"a": {"d1": 1}}
    assert measure_set(qrels, {"a": {"d2": 1.0, "d1": 1.0}}, ["a"])["recall_at_1"]["a"] == 1.0
    assert measure_set(qrels, {"a": {"d0": 1.0, "d1": 1.0}}, ["a"])["recall_at_1"]["a"] == 0.0


def per_query(values: list[float]) -> PerQuery:
    qrels = {f"q{at:02}": {"d": 1} for at in range(len(values))}
    whole = measure_set(qrels, {}, list(qrels))
    return {**whole, MAIN: {f"q{at:02}": value for at, value in enumerate(values)}}


def test_gains_are_tested_a_set_and_holm_is_over_the_sets() -> None:
    base = {"one": per_query([0.0] * 8), "two": per_query([0.5] * 4)}
    better = {"one": per_query([1.0] * 8), "two": per_query([0.5, 0.5, 0.5, 1.0])}
    table = compare_systems({"base": base, "better": better}, ["one", "two"], "base", PARAMS, seed=1)
    one, two = (table["better"]["sets"][name]["against_baseline"] for name in ("one", "two"))
    assert (one["delta"], two["delta"]) == (1.0, 0.125)
    assert one["p"] == pytest.approx(2 / 2**8)  # all eight signs the same way, either way
    assert one["p_holm"] == pytest.approx(2 * one["p"])
    assert (two["p"], two["p_holm"]) == (1.0, 1.0)  # one difference: each sign is as far
    assert table["better"]["macro"][MAIN] == pytest.approx((1.0 + 0.625) / 2)
    assert table["better"]["macro_against_baseline"]["delta"] == pytest.approx((1.0 + 0.125) / 2)
    assert "against_baseline" not in table["base"]["sets"]["one"]
    text = markdown(table, ["one", "two"], "base")
    assert text.index("| better |") < text.index("| base |")  # best first
    assert "| one | 8 | better | 1.0000 |" in text


def test_results_have_mtebs_form(tmp_path: Path) -> None:
    found = {"one": per_query([1.0, 0.0])}
    table = compare_systems({"dense a/b": found}, ["one"], "dense a/b", PARAMS, seed=1)
    (path,) = write_results(tmp_path, "dense a/b", table["dense a/b"], {"one": "dev"})
    assert path == tmp_path / "results/dense__a__b/local/one.json"
    result = read_json(path)
    assert result["scores"]["dev"][0]["main_score"] == 0.5
    assert result["scores"]["dev"][0]["languages"] == ["kor-Hang"]
    assert read_json(path.parent / "model_meta.json")["revision"] == "local"
    task_results = pytest.importorskip("mteb.results")
    assert task_results.TaskResult.from_disk(path, load_historic_data=False).get_score() == 0.5


def test_known_sets_have_mtebs_task_names() -> None:
    assert task_of("Ko-StrategyQA") == ("Ko-StrategyQA", "default")
    assert task_of("miracl-ko") == ("MIRACLRetrieval", "ko")
    assert task_of("publichealth-qa") == ("PublicHealthQA", "korean")
    assert task_of("AutoRAGRetrieval") == ("AutoRAGRetrieval", "default")
    assert task_of("markers_bm")[0] == "AutoRAGRetrieval"
    assert task_of("our law") == ("our law", "default")
    subset = task_result("miracl", "dev", {MAIN: 0.25})["scores"]["dev"][0]
    assert (subset["hf_subset"], subset["languages"]) == ("ko", ["kor-Kore"])
