"""Priors, what people's questions make of them, and the floor under a fusion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sunwi.errors import DataError
from sunwi.params.fusion import FusionParams, PriorWeights
from sunwi.search.fusion.calibrating import calibrate_sets
from sunwi.search.fusion.priors import question_prior, shrunk
from sunwi.search.fusion.single_floor import hold_floor, towards
from sunwi.search.labelled import NATURAL, LabelledQuestion
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import SearchPipeline

Build = Callable[..., tuple[SearchPipeline, QueryBatch]]


def label(qid: str, style: str = "s") -> LabelledQuestion:
    return LabelledQuestion(qid, qid, (0,), "dev", style, 0.0)


def test_shrinkage_by_hand() -> None:
    assert shrunk(0.4, None, 0, 50).value == 0.4
    assert shrunk(0.4, 1.0, 0, 50).fitted is None  # no question of people: nothing was fitted
    assert shrunk(0.25, 0.0, 150, 50).value == pytest.approx(0.0625)  # 50 * .25 / 200
    assert shrunk(0.2, 2.0, 10, 30).value == pytest.approx(0.4)  # 2.0 counts as 1: (10 * 1 + 30 * .2) / 40
    assert shrunk(0.2, 2.0, 30, 30).value == pytest.approx(1.1)  # enough evidence: (30 * 2 + 30 * .2) / 60


def test_the_prior_of_the_question_index_is_by_who_wrote_it() -> None:
    priors = PriorWeights(questions=0.3, template_questions=0.1)
    assert question_prior(priors, []) == 0.0
    assert question_prior(priors, ["llm:x", "given:people"]) == pytest.approx(0.3)
    assert question_prior(priors, ["template:title", "llm:x"]) == pytest.approx(0.2)


def test_without_peoples_questions_the_priors_rule(given: Build) -> None:
    """Made questions prefer BM25 alone; they move no weight."""
    right, wrong = [1.0, 0.9, 0.0], [0.9, 1.0, 0.0]
    qids = [f"q{at}" for at in range(8)]
    search, queries = given(
        ["a", "b", "c"], bm25=dict.fromkeys(qids, right), dense=dict.fromkeys(qids, wrong),
        questions=dict.fromkeys(qids, wrong),
    )  # fmt: skip
    params = FusionParams(priors=PriorWeights(bm25=1.5, questions=0.3), min_questions=1)
    sets = calibrate_sets(search, queries, [label(qid) for qid in qids], params, ["given:x"])
    assert sets.weights["bm25+dense+questions"] == {"bm25": 1.5, "dense": 1.0, "questions": 0.3}
    assert sets.weights["bm25"] == {"bm25": 1.0}
    origin = sets.metrics["bm25+dense"]["origin"]["bm25"]
    assert origin == {"prior": 1.5, "fitted": None, "natural_questions": 0, "weight": 1.5}
    assert sets.metrics["bm25+dense"]["floor"]["moved"] == 0.0


def test_peoples_questions_move_the_weights(given: Build) -> None:
    right, wrong = [1.0, 0.0, 0.0], [0.9, 1.0, 0.0]
    qids = [f"q{at}" for at in range(8)]
    search, queries = given(
        ["a", "b", "c"], bm25=dict.fromkeys(qids, right), dense=dict.fromkeys(qids, wrong)
    )
    params = FusionParams(
        bm25_weights=[0.0, 0.9, 1.0], priors=PriorWeights(bm25=0.5), prior_questions=4, min_questions=1
    )
    labels = [label(qid, NATURAL if at < 4 else "s") for at, qid in enumerate(qids)]
    sets = calibrate_sets(search, queries, labels, params)
    assert sets.weights["bm25+dense"]["bm25"] == pytest.approx(0.75)  # (4 * 1 + 4 * .5) / 8
    assert sets.metrics["bm25+dense"]["natural_mrr"] == 1.0


def test_the_fusion_does_not_fall_below_its_best_retriever(given: Build) -> None:
    """Dense search is wrong everywhere: with the prior the fusion would be wrong as well."""
    right, wrong = [1.0, 0.9, 0.8], [0.0, 1.0, 0.9]
    qids = [f"q{at}" for at in range(6)]
    search, queries = given(
        ["a", "b", "c"], bm25=dict.fromkeys(qids, right), dense=dict.fromkeys(qids, wrong)
    )
    sets = calibrate_sets(search, queries, [label(qid) for qid in qids], FusionParams(min_questions=1))
    floor = sets.metrics["bm25+dense"]["floor"]
    assert floor["best_single"] == "bm25"
    assert floor["difference"] < 0
    assert floor["moved"] > 0
    assert floor["fused_mrr"] == floor["single_mrr"] == 1.0
    assert sets.weights["bm25+dense"]["bm25"] > 0.4
    assert sets.metrics["bm25+dense"]["all_mrr"] == 1.0  # the figures are those of the weights that are used


@pytest.mark.parametrize(("style", "moved"), [("s", False), (NATURAL, True)])
def test_made_questions_do_not_judge_the_question_index(given: Build, style: str, moved: bool) -> None:
    right, wrong = [1.0, 0.9, 0.8], [0.0, 1.0, 0.9]
    qids = [f"q{at}" for at in range(6)]
    search, queries = given(
        ["a", "b", "c"], dense=dict.fromkeys(qids, right), questions=dict.fromkeys(qids, wrong)
    )
    params = FusionParams(
        priors=PriorWeights(questions=3.0), question_weights=[3.0], prior_questions=6, min_questions=1
    )
    sets = calibrate_sets(search, queries, [label(qid, style) for qid in qids], params, ["given:x"])
    assert (sets.weights["dense+questions"] != {"dense": 1.0, "questions": 3.0}) == moved
    assert (sets.metrics["dense+questions"]["floor"] is not None) == moved


def test_a_gap_within_noise_moves_nothing() -> None:
    singles = {"x": np.array([1.0, 1.0, 0.0, 1.0]), "y": np.array([0.0, 0.5, 0.5, 0.5])}
    floor = hold_floor({"x": 0.4, "y": 1.0}, singles, lambda _: np.array([1.0, 0.5, 1.0, 0.25]))
    # gaps 0, -.5, 1, -.75: mean -.0625, standard deviation .772, error .386
    assert floor.share == 0.0
    assert floor.difference == pytest.approx(-0.0625)
    assert floor.standard_error == pytest.approx(0.386, abs=1e-3)
    assert floor.weights == {"x": 0.4, "y": 1.0}


def test_towards_ends_at_the_single_retriever() -> None:
    assert towards({"x": 0.5, "y": 1.0}, "x", 1.0) == {"x": 1.5, "y": 0.0}
    assert towards({"x": 0.5, "y": 1.0}, "x", 0.0) == {"x": 0.5, "y": 1.0}


def test_without_a_dev_question_there_are_no_weights(given: Build) -> None:
    search, queries = given(["a", "b"], dense={"q": [1.0, 0.0]})
    with pytest.raises(DataError, match="no dev question"):
        calibrate_sets(search, queries, [], FusionParams())
