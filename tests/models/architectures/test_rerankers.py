"""The rerankers that people use today: equal scores, LoRA with its head, a second stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.architectures.shapes import CLASSIFIERS, DECODER, Shape, write_weights
from tests.train.reranker.reranker_models import settings, training_rows

from sunwi.errors import ModelError
from sunwi.models.cross_encoder import CrossEncoder
from sunwi.train.reranker.cross_encoder import train_reranker

PAIRS = [
    ("말1 말2", "말1 말2 말3"),
    ("말1 말2", "말9"),
    ("말3", "말4 말5 말6 말7 말8 말9 말10 말11 말12"),
    ("말7", "말7"),
]
CAUSAL = Shape("Qwen3-Reranker-0.6B", "Qwen3", options=DECODER, start="")
TEMPLATE = (
    "말20 {{ (messages | selectattr('role', 'eq', 'query') | first).content }} "
    "말21 {{ (messages | selectattr('role', 'eq', 'document') | first).content }} 말22 말23"
)
TARGETS = {"XLMRoberta": ["query", "value"], "ModernBert": ["Wqkv"]}


def by_library(folder: Path) -> Any:
    import torch
    from sentence_transformers import CrossEncoder as Library

    model = Library(str(folder), device="cpu", trust_remote_code=False)
    return model.predict(PAIRS, activation_fn=torch.nn.Identity())


def write_classifier(folder: Path, shape: Shape) -> Path:
    write_weights(folder, shape, "ForSequenceClassification", num_labels=1)
    return folder


def write_causal(folder: Path, tied: bool, template: str | None = TEMPLATE) -> Path:
    from transformers import AutoTokenizer

    write_weights(folder, CAUSAL, "ForCausalLM", tie_word_embeddings=tied)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = template
    tokenizer.padding_side = "left"
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("shape", CLASSIFIERS, ids=lambda shape: shape.name)
def test_a_classifiers_scores_are_the_librarys(tmp_path: Path, shape: Shape, report_difference: Any) -> None:
    folder = write_classifier(tmp_path / shape.name, shape)
    ours = CrossEncoder(folder, 64).score(PAIRS)
    assert np.ptp(ours) > 1e-3
    difference = float(np.abs(ours - by_library(folder)).max())
    report_difference(shape.name, f"{shape.kind}ForSequenceClassification", "scores", difference)
    assert difference < 1e-5


@pytest.mark.parametrize("tied", [True, False])
def test_a_causal_models_scores_are_the_librarys(tmp_path: Path, tied: bool, report_difference: Any) -> None:
    folder = write_causal(tmp_path / "Qwen3-Reranker", tied)
    ours = CrossEncoder(folder, 48, batch_size=3).score(PAIRS)
    assert np.ptp(ours) > 1e-2
    difference = float(np.abs(ours - by_library(folder)).max())
    report_difference(
        CAUSAL.name, "Qwen3ForCausalLM", f"yes/no scores, {'tied' if tied else 'own'} head", difference
    )
    assert difference < 1e-5


def test_a_causal_models_score_is_yes_less_no_at_the_prompts_end(tmp_path: Path) -> None:
    """By hand from the language model's logits, with a template that has no roles of a pair."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = write_causal(tmp_path / "model", tied=False, template=None)
    from sunwi.models.yes_no import INSTRUCTION, PROMPT

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    text = PROMPT.format(instruction=INSTRUCTION, query=PAIRS[0][0], document=PAIRS[0][1])
    ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
    with torch.inference_mode():
        last = model(ids).logits[0, -1]
    yes, no = tokenizer.convert_tokens_to_ids(["yes", "no"])
    assert CrossEncoder(folder, 48).score(PAIRS[:1])[0] == pytest.approx(
        float(last[yes] - last[no]), abs=1e-5
    )


def test_a_long_pair_keeps_the_end_of_the_prompt(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from sunwi.models.yes_no import prompt_batches

    tokenizer = AutoTokenizer.from_pretrained(write_causal(tmp_path / "model", tied=True))
    long = [("말1 " * 100, "말2 " * 100), ("말1", "말2 " * 100)]
    for rows, (batch, _) in prompt_batches(tokenizer, long, 8, 1):
        words = tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
        query = ["말1"] * (4 if rows == [0] else 1)
        head = ["말20", *query, "말21"]
        assert words == [*head, *["말2"] * (10 - len(head)), "말22", "말23"]


def test_a_tokeniser_without_yes_and_no_is_refused(tmp_path: Path) -> None:
    folder = write_causal(tmp_path / "model", tied=True)
    path = folder / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"yes"', '"oui"'), encoding="utf-8")
    with pytest.raises(ModelError, match="no token 'yes'"):
        CrossEncoder(folder, 48).score(PAIRS)


def test_a_causal_reranker_is_not_trained(tmp_path: Path) -> None:
    folder = write_causal(tmp_path / "model", tied=True)
    with pytest.raises(ModelError, match=r"mining\.reranker"):
        train_reranker(folder, "some/causal", training_rows(), settings(), 7, tmp_path / "out")


@pytest.mark.parametrize("shape", CLASSIFIERS, ids=lambda shape: shape.name)
def test_lora_keeps_the_trained_head_and_a_second_stage_goes_on(
    tmp_path: Path, shape: Shape, own_cache: Path, report_difference: Any
) -> None:
    """The head that was trained beside the adapter comes back with it (sentence-transformers #3980)."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    base = write_classifier(tmp_path / "base", shape)
    chosen = settings(target_modules=TARGETS[shape.kind], modules_to_save=["classifier"], learning_rate=0.02)
    _, curve = train_reranker(base, "some/base", training_rows(), chosen, 7, tmp_path / "first")
    assert len(curve) == 4
    merged = tmp_path / "first" / "merged"
    scores = CrossEncoder(merged, 24).score(PAIRS)
    plain = AutoModelForSequenceClassification.from_pretrained(base)
    model = PeftModel.from_pretrained(plain, tmp_path / "first" / "adapter").eval()
    heads = {name: value for name, value in model.named_parameters() if "classifier.modules_to_save" in name}
    assert heads
    start = dict(AutoModelForSequenceClassification.from_pretrained(base).named_parameters())
    for name, value in heads.items():
        assert not torch.equal(value, start["classifier" + name.partition("modules_to_save.default")[2]]), (
            name
        )
    tokenizer = AutoTokenizer.from_pretrained(base)
    with torch.inference_mode():
        by_peft = [float(model(**tokenizer(*pair, return_tensors="pt")).logits) for pair in PAIRS]
    difference = max(float(np.abs(scores - by_peft).max()), float(np.abs(scores - by_library(merged)).max()))
    report_difference(shape.name, f"{shape.kind}ForSequenceClassification", "LoRA round trip", difference)
    assert difference < 1e-5
    train_reranker(
        base, "some/base", training_rows(), chosen, 8, tmp_path / "second", tmp_path / "first" / "adapter"
    )
    again = CrossEncoder(tmp_path / "second" / "merged", 24).score(PAIRS)
    assert np.abs(again - scores).max() > 1e-3
    assert np.abs(again - by_library(tmp_path / "second" / "merged")).max() < 1e-5
