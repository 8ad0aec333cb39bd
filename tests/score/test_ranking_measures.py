"""Standard measures: worked by hand, and against ranx, which shares no code with ir_measures' provider."""

from __future__ import annotations

import math
import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.params.guard import GuardMeasure
from sunwi.score.measure import COMPETITION
from sunwi.score.measuring import measure_variant, of_first_ranks, of_rankings, ranking_measures
from sunwi.score.relevance import first_relevant_rank, relevant_documents
from sunwi.trec import Qrels, Run

RANKING = [one.key for one in of_rankings()]
RANX = {
    "ap": "map",
    "mrr": "mrr@10",
    "ndcg10": "ndcg@10",
    "recall1": "recall@1",
    "recall5": "recall@5",
    "recall10": "recall@10",
    "recall50": "recall@50",
    "p1": "precision@1",
    "p3": "precision@3",
    "p5": "precision@5",
    "hit1": "hit_rate@1",
    "hit3": "hit_rate@3",
    "hit5": "hit_rate@5",
}


def ranking(*docids: str) -> dict[str, float]:
    return {docid: -float(rank) for rank, docid in enumerate(docids)}


@pytest.mark.parametrize("rank", [None, 1, 2, 3, 4, 5, 6, 10, 11])
def test_what_a_first_rank_decides_is_what_ir_measures_finds(rank: int | None) -> None:
    documents = [f"x{position}" for position in range(1, 20)]
    qrels = {"q": {documents[rank - 1] if rank else "elsewhere": 1, "x15": int(rank is not None)}}
    found = ranking_measures(qrels, {"q": ranking(*documents)}, ["q"])
    assert {key: value_at(rank) for key, value_at in of_first_ranks().items()} == {
        key: pytest.approx(found[key]["q"]) for key in of_first_ranks()
    }


def test_the_guard_may_watch_what_per_query_csv_keeps() -> None:
    assert set(get_args(GuardMeasure)) == {COMPETITION, *of_first_ranks()}


def test_every_measure_by_hand() -> None:
    qrels = {"q": {"b": 1, "d": 2, "z": 1, "a": 0}}
    found = ranking_measures(qrels, {"q": ranking("a", "b", "c", "d")}, ["q"])
    ideal = 2 + 1 / math.log2(3) + 1 / math.log2(4)
    expected = {
        "ap": (1 / 2 + 2 / 4) / 3,
        "mrr": 1 / 2,
        "ndcg10": (1 / math.log2(3) + 2 / math.log2(5)) / ideal,
        "recall1": 0,
        "recall5": 2 / 3,
        "recall10": 2 / 3,
        "recall50": 2 / 3,
        "p1": 0,
        "p3": 1 / 3,
        "p5": 2 / 5,
        "hit1": 0,
        "hit3": 1,
        "hit5": 1,
    }
    assert {key: found[key]["q"] for key in RANKING} == pytest.approx(expected)


def test_reciprocal_rank_ends_at_ten() -> None:
    run = {"q": ranking(*(f"d{rank:02}" for rank in range(1, 12)))}
    assert ranking_measures({"q": {"d10": 1}}, run, ["q"])["mrr"]["q"] == pytest.approx(1 / 10)
    assert ranking_measures({"q": {"d11": 1}}, run, ["q"])["mrr"]["q"] == 0


@pytest.mark.parametrize(
    "run", [{}, {"other": ranking("a")}, {"missing": {}}], ids=["none", "other", "empty"]
)
def test_query_missing_from_the_run_scores_zero(run: Run) -> None:
    found = ranking_measures({"missing": {"a": 1}}, run, ["missing"])
    assert found == {key: {"missing": 0.0} for key in RANKING}


def test_queries_without_relevant_documents_are_not_averaged() -> None:
    qrels = {"graded-0": {"a": 0}, "labelled": {"a": 1}, "not-asked-for": {"a": 1}}
    run = {qid: ranking("a") for qid in ("graded-0", "labelled", "unjudged", "not-asked-for")}
    found = ranking_measures(qrels, run, ["unjudged", "labelled", "graded-0"])
    assert all(list(values) == ["labelled"] for values in found.values())
    assert relevant_documents(qrels).keys() == {"labelled", "not-asked-for"}


def test_no_labelled_query_gives_no_value() -> None:
    assert ranking_measures({}, {"q": ranking("a")}, ["q"]) == {key: {} for key in RANKING}


def test_ties_go_to_the_smaller_docid_in_every_measure() -> None:
    run = {"q": {"b": 1.0, "a": 1.0, "c": 1.0}}
    first = ranking_measures({"q": {"a": 1}}, run, ["q"])
    last = ranking_measures({"q": {"c": 1}}, run, ["q"])
    assert [first[key]["q"] for key in ("ap", "mrr", "hit1")] == [1, 1, 1]
    assert [last[key]["q"] for key in ("ap", "mrr", "hit1")] == pytest.approx([1 / 3, 1 / 3, 0])
    assert first_relevant_rank(frozenset("c"), run["q"]) == 3


def test_scores_that_single_precision_cannot_tell_apart_keep_their_order() -> None:
    run = {"q": {"a": 1.0, "b": 1.0 + 1e-12}}
    assert ranking_measures({"q": {"b": 1}}, run, ["q"])["ap"]["q"] == 1


def test_rank_of_the_first_relevant_document() -> None:
    scores = {"a": 3.0, "b": 2.0, "c": 1.0}
    assert first_relevant_rank(frozenset({"c", "b"}), scores) == 2
    assert first_relevant_rank(frozenset({"x"}), scores) is None


def test_competition_map_reads_topk_and_the_others_the_run() -> None:
    found = measure_variant(
        {"1": {"a": 1}}, {"1": ranking("a", "x")}, {"1": ["x", "a"], "2": []}, ["2", "1"], cutoff=3
    )
    assert found["map"] == {"1": 0.5, "2": 1.0}
    assert found["ap"] == {"1": 1.0}


def test_agrees_with_ranx() -> None:
    import ranx

    source = random.Random(7)
    docids = [f"d{number}" for number in range(80)]
    qrels: Qrels = {
        f"q{number}": {docid: source.randint(1, 3) for docid in source.sample(docids, source.randint(1, 6))}
        for number in range(30)
    }
    run: Run = {
        qid: {docid: source.random() for docid in source.sample(docids, source.randint(1, 70))}
        for qid in list(qrels)[:-2]
    }
    theirs = ranx.Run(run)
    ranx.evaluate(ranx.Qrels(qrels), theirs, list(RANX.values()), make_comparable=True)
    found = ranking_measures(qrels, run, list(qrels))
    for key, name in RANX.items():
        assert found[key] == pytest.approx({qid: theirs.scores[name][qid] for qid in qrels}), key


@given(
    judged=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3)),
    scores=st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-10, 10)),
)
def test_every_measure_lies_between_0_and_1(judged: dict[str, int], scores: dict[str, float]) -> None:
    for values in ranking_measures({"q": judged}, {"q": scores}, ["q"]).values():
        assert all(0 <= value <= 1 + 1e-12 for value in values.values())
        assert set(values) == ({"q"} if any(judged.values()) else set())
