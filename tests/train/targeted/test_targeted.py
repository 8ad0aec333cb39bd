"""The second stage and its gate on a tiny encoder."""

from __future__ import annotations

import filecmp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.train.reranker.reranker_models import QUERIES, TEXTS, candidate_list, project_params

from sunwi.models.encoder import Encoder
from sunwi.params.train_reranker_targeted import TrainRerankerTargetedParams
from sunwi.params.whole import Params
from sunwi.records.failures import AugmentedFailure
from sunwi.records.mined import Candidate, CandidateList
from sunwi.search.rerank.blend import ScoredList, ranked_relevance
from sunwi.train.reranker.movement import movement
from sunwi.train.reranker.quality import quality
from sunwi.train.reranker.run import tune_reranker
from sunwi.train.targeted import folds
from sunwi.train.targeted.gate import GateVerdict, decide
from sunwi.train.targeted.judging import TargetedData, judged
from sunwi.train.targeted.run import tune_targeted

GATE = TrainRerankerTargetedParams(tolerance=0.02)
OTHER: dict[str, str | None] = {"docid": None, "text": "말9"}
METHODS = ["late_interaction", "cross_encoder"]


def verdict(before: str, after: str) -> tuple[bool, str]:
    """Solved (o) and failed (x) questions before and after."""
    was, now = (np.array([mark == "o" for mark in marks], dtype=bool) for marks in (before, after))
    actual = decide(movement(was, now, seed=1), GATE)
    return actual.promoted, actual.reason


def test_the_gate_wants_solved_failures_and_no_loss() -> None:
    assert verdict("ooooxxxx", "ooooxxox") == (
        True,
        "Hit@1 rises within the tolerance; not significant at 0.05",
    )
    assert verdict("oooo" + "x" * 12, "oooo" + "o" * 12)[0]
    assert verdict("ooooxxxx", "oooxxoox") == (
        False, "1 of 4 solved questions are lost, above the tolerance of 0.02",
    )  # fmt: skip
    assert verdict("ooooxxxx", "ooooxxxx") == (False, "no held-out failure is solved")
    assert verdict("o" * 100 + "x", "o" * 98 + "xx" + "o")[1] == "as many questions are lost as are solved"
    assert verdict("", "") == (False, "no held-out failure is solved")
    assert verdict("xxxx", "xxox")[0]  # nothing was solved, so nothing can be lost


def test_quality_by_hand() -> None:
    lists = [
        ScoredList({"retriever": np.array([3.0, 2.0, 1.0], np.float32)}, np.array([0, 1, 1], bool)),
        ScoredList({"retriever": np.array([1.0], np.float32)}, np.array([1], bool)),
    ]
    ideal = 1 + 1 / np.log2(3)
    ndcg = (1 / np.log2(3) + 1 / 2) / ideal
    assert quality(ranked_relevance(lists, {})) == pytest.approx(
        {"hit1": 0.5, "mrr": 0.75, "ndcg10": (ndcg + 1) / 2}, abs=1e-6
    )
    assert quality(np.zeros((0, 0), bool)) == {"hit1": 0.0, "mrr": 0.0, "ndcg10": 0.0}


def data_of(augmented: list[AugmentedFailure]) -> TargetedData:
    """Ten dev questions, half of them failing under the retriever, one of a single candidate; train ones."""
    lists: list[CandidateList] = []
    for number in range(10):
        order = [number, (number + 5) % 12, (number + 7) % 12]
        if number % 2:
            order[:2] = order[1::-1]
        lists.append(candidate_list(number, "dev", order if number else [0], number))
    lists.append(candidate_list(10, "train", [10, 3, 5], 10))
    return TargetedData(lists, {f"q{n}": {f"d{n}"} for n in range(11)}, augmented, TEXTS)


def rows_for(numbers: range) -> list[AugmentedFailure]:
    return [
        AugmentedFailure(
            qid=f"q{n}#00", source=f"q{n}", query=QUERIES[f"q{n}"], positive=f"d{n}", generator="original",
            negatives=[{"docid": f"d{(n + 5) % 12}", "text": TEXTS[f"d{(n + 5) % 12}"]}, OTHER],
        )
        for n in numbers
    ]  # fmt: skip


def stage1(tmp_path: Path, params: Params, model: Any) -> tuple[Path, Any, Encoder]:
    encoder = Encoder(model)
    first = tmp_path / "stage1"
    blend, _, metrics, _ = tune_reranker(params, train_lists(), TEXTS, encoder, model.folder, first)
    assert metrics["method"] == params.train_reranker.method
    return first, blend, encoder


def train_lists() -> list[CandidateList]:
    data = data_of([])
    made = [
        CandidateList.model_validate({**question.model_dump(), "qid": f"t{position}", "split": "train"})
        for position, question in enumerate(data.lists[1:5])
    ]
    return [*data.lists, *made]


def same_files(left: Path, right: Path) -> bool:
    names = sorted(path.relative_to(left) for path in left.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(right) for path in right.rglob("*") if path.is_file())
    return all(filecmp.cmp(left / name, right / name, shallow=False) for name in names)


@pytest.mark.parametrize("method", METHODS)
def test_without_failures_or_switched_off_stage_1_stays_to_the_byte(
    tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any], method: str
) -> None:
    params = project_params(train_reranker={"method": method}, seed=3)
    model = tiny_models["bert"]
    first, blend, encoder = stage1(tmp_path, params, model)
    off = params.model_copy(update={"train_reranker_targeted": TrainRerankerTargetedParams(enabled=False)})
    for case, augmented, why in ((params, [], "no failure"), (off, rows_for(range(10)), "enabled is false")):
        out = tmp_path / "out"
        tuned = tune_targeted(case, data_of(augmented), encoder, model.folder, first, blend, out)
        assert same_files(first, out)
        assert tuned.blend == blend
        assert not tuned.metrics["promoted"]
        assert why in tuned.metrics["reason"]


@pytest.mark.parametrize(("method", "start"), [("late_interaction", "merged"), ("cross_encoder", "continue")])
def test_an_overfitted_second_stage_is_refused(
    tmp_path: Path,
    own_cache: Path,
    tiny_models: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    start: str,
) -> None:
    """Words that tell nothing, a large rate, no replay, no early stopping: what it learns by heart misleads
    on other documents, and stage 1 stays."""
    targeted = {"learning_rate": 0.05, "max_steps": 6, "replay": 0.0, "stop_share": 0.0, "gate_share": 0.7}
    params = project_params(
        train_reranker={"method": method}, train_reranker_targeted=targeted | {"start": start}, seed=3
    )
    model = tiny_models["bert"]
    first, _, encoder = stage1(tmp_path, params, model)
    data = data_of([row.model_copy(update={"query": "말20 말21"}) for row in rows_for(range(10))])
    crowded = TargetedData(
        [crowd(question) for question in data.lists], data.documents, data.augmented, TEXTS
    )
    name = {"late_interaction": "late_interaction_tuned"}.get(method, method)
    monkeypatch.setattr("sunwi.train.targeted.run.refitted", lambda *_: {"both": {name: 9.0}})
    out = tmp_path / "out"
    tuned = tune_targeted(params, crowded, encoder, model.folder, first, {"both": {}}, out)
    assert not tuned.metrics["promoted"]
    assert tuned.metrics["solved_to_failed"] > 0
    assert tuned.metrics["trained_parameters"] > 0
    assert tuned.blend == {"both": {}}
    assert same_files(first, out)


def crowd(question: CandidateList) -> CandidateList:
    """The list with every other passage behind, and a question that shares no word with any."""
    there = {row.docid for row in question.candidates}
    more = [
        Candidate(docid=docid, score=0.1, label=0, components={}) for docid in sorted(TEXTS.keys() - there)
    ]
    return question.model_copy(update={"candidates": [*question.candidates, *more], "query": "말20 말21"})


def test_a_second_stage_that_only_gains_is_promoted(
    tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    targeted = {
        "learning_rate": 0.01,
        "max_steps": 3,
        "stop_share": 0.3,
        "gate_share": 0.4,
        "evaluate_every": 1,
    }
    params = project_params(
        train_reranker={"method": "late_interaction"}, train_reranker_targeted=targeted, seed=3
    )
    model = tiny_models["bert"]
    first, blend, encoder = stage1(tmp_path, params, model)
    gained = movement(np.array([True, False]), np.array([True, True]), seed=1)
    monkeypatch.setattr("sunwi.train.targeted.run.judged", lambda *_: ({}, decide(gained, GATE)))
    values = iter([0.1, 0.2, 0.3, 0.3])
    monkeypatch.setattr("sunwi.train.targeted.run.list_mrr", lambda *_: next(values))
    out = tmp_path / "out"
    tuned = tune_targeted(params, data_of(rows_for(range(10))), encoder, model.folder, first, blend, out)
    assert tuned.metrics["promoted"]
    assert {path.name for path in out.iterdir()} == {"adapter", "merged", "method.json"}
    assert [row["dev"] for row in tuned.metrics["dev_curve"]] == [0.1, 0.2, 0.3, 0.3]
    assert tuned.metrics["best_step"] == 2
    assert set(tuned.blend) == set(blend)
    assert tuned.metrics["failures_trained"] < 10  # those of the held-out documents are left out


def test_training_that_helps_nowhere_ends_early_and_keeps_stage_1(
    tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    targeted = {"stop_share": 0.3, "gate_share": 0.4, "evaluate_every": 1, "patience": 2}
    params = project_params(
        train_reranker={"method": "late_interaction"}, train_reranker_targeted=targeted, seed=3
    )
    model = tiny_models["bert"]
    first, blend, encoder = stage1(tmp_path, params, model)
    monkeypatch.setattr("sunwi.train.targeted.run.list_mrr", lambda *_: 0.5)
    tuned = tune_targeted(
        params, data_of(rows_for(range(10))), encoder, model.folder, first, blend, tmp_path / "out"
    )
    assert tuned.metrics["steps"] == 2
    assert "no step was better" in tuned.metrics["reason"]
    assert tuned.metrics["all_hit1_before"] == tuned.metrics["all_hit1_after"]
    assert same_files(first, tmp_path / "out")


def test_no_second_stage_where_dev_promises_the_first_no_weight(
    tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any]
) -> None:
    """The retriever solves every dev question, so that every weight above 0 can only lose."""
    targeted = {"learning_rate": 0.05, "max_steps": 2, "stop_share": 0.5, "gate_share": 0.2}
    stage, model = {"method": "cross_encoder", "depth": 12}, tiny_models["bert"]
    params = project_params(train_reranker=stage, train_reranker_targeted=targeted, seed=3)
    first, _, encoder = stage1(tmp_path, params, model)
    solved = [crowd(candidate_list(n, "dev", [n, (n + 5) % 12, (n + 7) % 12], n)) for n in range(10)]
    data = TargetedData(solved, data_of([]).documents, rows_for(range(10)), TEXTS)
    for share in (0.0, 0.5):
        looked = project_params(
            train_reranker=stage | {"early_look": share}, train_reranker_targeted=targeted, seed=3
        )
        out = tmp_path / f"{share}"
        tuned = tune_targeted(looked, data, encoder, model.folder, first, {"both": {}}, out)
        assert ("steps" in tuned.metrics) == (not share)
        assert ("stopped_early" in tuned.metrics) == bool(share)
    assert tuned.metrics["stopped_early"] == {"step": 0, "chance": 0.0}
    assert "no blend weight" in tuned.metrics["reason"]
    assert same_files(first, out)


def test_folds_train_once_each_and_once_more_behind_the_gate(
    tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every dev question is judged once, by a model that saw no failure of its document."""
    params = project_params(
        train_reranker={"method": "late_interaction"},
        train_reranker_targeted={"folds": 2, "max_steps": 3, "failure_weight": 2, "replay": 0.0},
        seed=3,
    )
    model = tiny_models["bert"]
    first, blend, encoder = stage1(tmp_path, params, model)
    data = data_of(rows_for(range(1, 10)))  # q0 has one candidate: nothing beats it
    taught: list[int] = []
    real = folds.train_by_method

    def counted(params: Any, settings: Any, lists: Any, *rest: Any) -> Any:
        taught.append(len(lists))
        return real(params, settings, lists, *rest)

    monkeypatch.setattr(folds, "train_by_method", counted)
    for promoted in (False, True):
        verdict = GateVerdict(promoted, "by hand")
        monkeypatch.setattr(folds, "judged", lambda *_, verdict=verdict: ({}, verdict))
        out = tmp_path / f"{promoted}"
        tuned = tune_targeted(params, data, encoder, model.folder, first, blend, out)
        assert sum(tuned.metrics["folds"]) == 10  # the dev questions
        assert tuned.metrics["promoted"] is promoted
        assert tuned.blend == blend
        assert same_files(first, out) is not promoted
    assert len(taught) == 2 + 2 + 1
    assert max(taught[:-1]) < taught[-1] == 2 * 9  # each failure twice


def test_a_fold_holds_whole_documents() -> None:
    data = data_of([])
    shared = {**data.documents, "q1": {"d1", "d7"}, "q7": {"d7"}}
    data = TargetedData(data.lists, shared, [], TEXTS)
    dev = [question for question in data.lists if question.split == "dev"]
    parts = folds.folds_of(dev, data, 4)
    assert sorted(one.qid for part in parts for one in part) == sorted(one.qid for one in dev)
    assert any({"q1", "q7"} <= {one.qid for one in part} for part in parts)


def test_judgement_counts_what_moved() -> None:
    def scored(first: list[float], labels: list[int]) -> ScoredList:
        return ScoredList({"retriever": np.array(first, np.float32)}, np.array(labels, bool))

    before = [scored([2, 1], [1, 0]), scored([2, 1], [0, 1])]
    after = [scored([2, 1], [1, 0]), scored([1, 2], [0, 1])]
    metrics, actual = judged(project_params(), before, after, {}, {})
    assert actual.promoted
    assert (metrics["failed_to_solved"], metrics["solved_to_failed"]) == (1, 0)
    assert (metrics["all_hit1_before"], metrics["all_hit1_after"]) == (0.5, 1.0)
    assert metrics["failures_mrr_before"] == 0.5
