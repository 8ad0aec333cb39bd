"""Model cards: their head is YAML that the hub knows, their numbers are those that were measured."""

from __future__ import annotations

import pytest
import yaml

from sunwi.report.cards import model_cards
from sunwi.report.inputs import PageInputs
from sunwi.report.provenance import locked_hashes, package_versions
from sunwi.report.training import system_rows, training_rows


def head(card: str) -> dict[str, object]:
    return yaml.safe_load(card.split("---\n")[1])


def test_cards_hold_what_was_measured(inputs: PageInputs) -> None:
    metrics = {
        "qa": {"splits": {"train": 12}},
        "pairs": {"train": {"lists": 11}},
        "train_embedder": {"promoted": "tuned", "base_share": 0.5},
        "train_reranker": {"trained": True, "weights": {"cross_encoder": {"cross_encoder": 0.0}}},
    }
    cards = model_cards(inputs.params, inputs.scores, metrics, inputs.detail)
    embedder, reranker = cards["embedder"], cards["reranker"]
    assert head(embedder)["base_model"] == "intfloat/multilingual-e5-small"
    assert head(embedder)["license"] == "mit"
    assert head(reranker)["pipeline_tag"] == "text-ranking"
    assert "12 for training" in embedder
    assert "50% of its weights" in embedder
    assert f"| tuned | {inputs.scores['tuned']['map']:.3f} |" in embedder
    assert "| dense_base |" in embedder
    assert "is not used" in reranker
    assert "11 candidate lists" in reranker


def test_reranker_of_another_method_and_stage(inputs: PageInputs) -> None:
    section = inputs.params.train_reranker.model_copy(update={"method": "late_interaction"})
    params = inputs.params.model_copy(update={"train_reranker": section})
    weights = {"late_interaction_tuned": {"late_interaction_tuned": 0.5}}
    metrics = {"train_reranker": {"trained": True}}
    first = model_cards(params, {}, metrics, {})["reranker"]
    assert "second stage" not in first
    assert "is not used" in first
    metrics["train_reranker_targeted"] = {"promoted": True, "weights": weights}
    second = model_cards(params, {}, metrics, {})["reranker"]
    assert "MaxSim" in second
    assert "second stage on its failures passed" in second
    assert "chosen on dev: 0.5." in second


def test_sparse_card_only_of_a_trained_encoder(inputs: PageInputs) -> None:
    gain = {"gain": 0.02, "low": -0.01, "high": 0.05, "p": 0.2}
    systems = {"bm25": {"ndcg10": 0.5}, "sparse": {"ndcg10": 0.52, "ndcg10_over_bm25": gain}}
    found = {"trained": True, "vocabulary": 900, "rows": 12, "test_questions": 7, "systems": systems}
    card = model_cards(inputs.params, inputs.scores, {"sparse": found}, inputs.detail)["sparse"]
    assert head(card)["base_model"] == "intfloat/multilingual-e5-small"
    assert "| sparse | 0.520 | +0.020 | [-0.010, +0.050] | 0.2000 |\n| bm25 | 0.500 | - | - | - |\n" in card
    assert "sparse" not in model_cards(inputs.params, {}, {"sparse": {"trained": False}}, {})


def test_the_hub_reads_the_results(inputs: PageInputs) -> None:
    from huggingface_hub import ModelCard

    card = ModelCard(model_cards(inputs.params, inputs.scores, {}, inputs.detail)["embedder"])
    found = {(one.task_name, one.metric_type): one.metric_value for one in card.data.eval_results or ()}
    assert found["search variant tuned", "map"] == inputs.scores["tuned"]["map"]
    assert not [task for task, _ in found if "dense_base" in task]  # does not use the model


def test_an_unknown_base_is_not_given_a_licence(inputs: PageInputs) -> None:
    encoder = inputs.params.encoder.model_copy(update={"model": "someone/encoder"})
    params = inputs.params.model_copy(update={"encoder": encoder})
    card = model_cards(params, {}, {}, {})["embedder"]
    assert (head(card)["license"], head(card)["base_model"]) == ("other", "someone/encoder")
    assert "nothing was measured" in card
    assert "as it is" in card


def test_hashes_are_those_of_the_stages_asked_for() -> None:
    lock = {
        "stages": {
            "submit@a": {"outs": [{"path": "data/a", "md5": "1"}]},
            "report": {"outs": [{"path": "data/report", "md5": "2"}]},
            "idle": {},
        }
    }
    assert locked_hashes(lock, {"submit", "idle"}) == {"data/a": "1"}
    assert package_versions()["Python"].startswith("3.")


def test_training_rows() -> None:
    candidates = {"base_share_1": {"fused_mrr": 0.7}, "base_share_0.5": {"fused_mrr": 0.75, "fused_p": 0.2}}
    found = {"candidates": candidates, "base_share": 0.5, "promoted": "tuned", "steps": 10, "rows": 20}
    blended = {"retriever": {"mrr": 0.75}, "cross_encoder_blended": {"mrr": 0.75}}
    reranker = {"quality": {"low_overlap": blended}, "weights": {"cross_encoder": {"cross_encoder": 0.0}}}
    rows = training_rows({"train_embedder": found, "train_reranker": reranker})
    assert [row["stage"] for row in rows] == ["기본", "튜닝", "PEFT"]
    assert (rows[1]["before"], rows[1]["after"], rows[1]["p"]) == (0.7, 0.75, 0.2)
    assert rows[2]["decision"] == "가중치 0: 쓰지 않음"
    assert training_rows({}) == []


@pytest.mark.parametrize(("promoted", "decision"), [(True, "2단계 승격"), (False, "1단계 유지")])
def test_targeted_stage_is_a_row(promoted: bool, decision: str) -> None:
    found = {"promoted": promoted, "lists_gate": 40, "all_mrr_before": 0.5, "all_mrr_after": 0.625}
    (row,) = training_rows({"train_reranker_targeted": found})
    assert (row["stage"], row["delta"], row["decision"]) == ("오답 보강", 0.125, decision)
    (row,) = training_rows({"train_reranker_targeted": {"promoted": False, "reason": "no failure"}})
    assert row["delta"] is None


def test_systems_beside_the_sparse_encoder() -> None:
    gain = {"gain": 0.02, "low": -0.01, "high": 0.05, "p": 0.2}
    systems = {"bm25": {"ndcg10": 0.5}, "sparse": {"ndcg10": 0.52, "ndcg10_over_bm25": gain}}
    rows = system_rows({"trained": True, "systems": systems})
    assert [(row["name"], row["ndcg10"], row["gain"]) for row in rows] == [
        ("sparse", 0.52, gain), ("bm25", 0.5, None),
    ]  # fmt: skip
    assert system_rows({"trained": False}) == []
