"""What is saved scores alike however it is loaded, head included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.train.reranker.reranker_models import TEXTS, settings, training_rows, write_base

from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import resolve
from sunwi.train.reranker.cross_encoder import train_reranker
from sunwi.train.reranker.late_interaction import train_late_interaction

PAIRS = [("말1 말2", TEXTS["d1"]), ("말1 말2", TEXTS["d6"]), ("말3", TEXTS["d3"])]
LONG = ("말1 " * 60, TEXTS["d1"])


def by_peft(base: Path, adapter: Path, length: int) -> Any:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    plain = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
    model = PeftModel.from_pretrained(plain, adapter).eval()
    tokenizer = AutoTokenizer.from_pretrained(base)
    with torch.inference_mode():
        return [
            float(model(**tokenizer(*pair, return_tensors="pt", truncation=True, max_length=length)).logits)
            for pair in PAIRS
        ]


@pytest.mark.parametrize(
    ("kind", "labels", "loss"),
    [
        ("bert", 0, "binary"),
        ("bert", 1, "lambda"),
        ("roberta", 0, "ranknet"),
        ("xlm-roberta", 1, "distillation"),
    ],
)
def test_every_way_of_loading_a_cross_encoder_gives_the_same_scores(
    tmp_path: Path, own_cache: Path, kind: str, labels: int, loss: str
) -> None:
    from FlagEmbedding import FlagReranker
    from sentence_transformers import CrossEncoder as Library

    base = write_base(tmp_path / "base", kind, labels)
    chosen = settings(loss=loss, learning_rate=0.02)
    facts, curve = train_reranker(base, "some/base", training_rows(), chosen, 7, tmp_path / "out")
    assert facts["steps"] == len(curve) == 4
    merged = tmp_path / "out" / "merged"
    scores = CrossEncoder(merged, 24).score(PAIRS)
    assert np.ptp(scores) > 1e-3
    import torch

    others = {
        "library": Library(str(merged), max_length=24, device="cpu").predict(
            PAIRS, activation_fn=torch.nn.Identity(), show_progress_bar=False
        ),
        "peft": by_peft(base, tmp_path / "out" / "adapter", 24),
        "flag": FlagReranker(str(merged), use_fp16=False, max_length=24, devices="cpu").compute_score(PAIRS),
    }
    for name, other in others.items():
        np.testing.assert_allclose(scores, other, atol=1e-5, err_msg=name)


def test_a_question_longer_than_the_limit_trains_and_scores(tmp_path: Path, own_cache: Path) -> None:
    base = write_base(tmp_path / "base", "bert")
    rows = [*training_rows(2), *training_rows(2)]
    object.__setattr__(rows[0], "query", LONG[0])
    train_reranker(base, "b", rows, settings(), 7, tmp_path / "out")
    assert np.isfinite(CrossEncoder(tmp_path / "out" / "merged", 24).score([LONG])).all()


@pytest.mark.parametrize("kind", ["bert", "m3"])
def test_late_interaction_scores_alike_merged_and_as_an_adapter(
    tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any], kind: str
) -> None:
    import torch
    from peft import PeftModel

    info = tiny_models[kind]
    chosen = settings(method="late_interaction", learning_rate=0.02, max_steps=6, lora_layers=1)
    out = tmp_path / "out"
    facts, curve = train_late_interaction(info, "models/embedder", training_rows(), chosen, 8, 7, out)
    assert facts["trained_parameters"] == 2 * (16 * 4 + 4 * 16)  # query and value of the top layer alone
    assert len(curve) == 6
    encoder = Encoder(resolve(str(out / "merged")))
    assert encoder.info.pooling == info.pooling
    merged = LateInteraction(encoder, 8, 24).score(PAIRS)
    untrained = LateInteraction(Encoder(info), 8, 24).score(PAIRS)
    assert np.abs(merged - untrained).max() > 1e-4
    plain = load_encoder(info.folder, torch.float32)
    model = PeftModel.from_pretrained(plain, out / "adapter").eval()
    adapted = LateInteraction(Encoder(info).with_model(model, torch.device("cpu")), 8, 24).fresh(PAIRS)
    np.testing.assert_allclose(merged, adapted, atol=5e-5)  # token vectors are float16
    named = json.loads((out / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert named["base_model_name_or_path"] == "models/embedder"


def test_training_goes_on_from_a_saved_adapter(
    tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any]
) -> None:
    info = tiny_models["bert"]
    chosen = settings(method="late_interaction", learning_rate=0.02)
    still = chosen.model_copy(update={"learning_rate": 1e-12, "max_steps": 1})
    train_late_interaction(info, "e", training_rows(), chosen, 8, 7, tmp_path / "first")
    for name, start in (("on", tmp_path / "first" / "adapter"), ("anew", None)):
        train_late_interaction(info, "e", training_rows(), still, 8, 7, tmp_path / name, start)
    first, on, anew = (
        LateInteraction(Encoder(resolve(str(tmp_path / name / "merged"))), 8, 24).score(PAIRS)
        for name in ("first", "on", "anew")
    )
    np.testing.assert_allclose(first, on, atol=1e-5)
    assert np.abs(first - anew).max() > 1e-4
