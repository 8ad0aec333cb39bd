from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sunwi.errors import DataError
from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.spec import ModelInfo
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.records.mined import Candidate, CandidateList
from sunwi.train.reranker.cross_encoder import train_reranker
from sunwi.train.reranker.lists import TrainingList, training_lists

PARAMS = TrainRerankerParams(max_steps=2, batch_size=2, max_length=48, negatives=2, lora_r=4)


def candidate_list(qid: str, split: str, candidates: list[tuple[str, float, int]]) -> CandidateList:
    rows = [
        Candidate(docid=docid, score=score, label=label, components={}) for docid, score, label in candidates
    ]
    ranks = [rank for rank, row in enumerate(rows, start=1) if row.label]
    return CandidateList(
        qid=qid, query=f"질문 {qid}", split=split, style="plain", overlap=0.5,
        positive_rank=ranks[0] if ranks else None, candidates=rows,
    )  # fmt: skip


def test_negatives_are_clear_and_spread_over_the_ranks() -> None:
    first = [("d1", 9.8, 0), ("d2", 10.0, 1), ("d3", 9.0, 0), ("d4", 8.0, 0), ("d5", 7.0, 0)]
    lists = [
        candidate_list("a", "train", first),
        candidate_list("b", "dev", [("d1", 9.0, 1), ("d2", 1.0, 0)]),
        candidate_list("c", "train", [("d1", 9.0, 0)]),
        candidate_list("e", "train", [("d1", 9.0, 1)]),
    ]
    texts = {f"d{n}": f"지문 {n}" for n in range(1, 6)}
    found, counts = training_lists(lists, texts, PARAMS, max_positive_share=0.95)
    assert found == [TrainingList("질문 a", ["지문 2", "지문 3", "지문 5"], [10.0, 9.0, 7.0])]
    assert found[0].labels == [1.0, 0.0, 0.0]
    assert counts == {"lists": 3, "positive_not_retrieved": 1, "without_negative": 1}


def test_too_few_lists_are_an_error(builtin_model: ModelInfo, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 training lists are fewer"):
        train_reranker(
            builtin_model.folder, "builtin", [TrainingList("q", ["p", "n"], [1.0, 0.5])], PARAMS, 1, tmp_path
        )


def test_adapter_and_merged_model_score_alike(
    builtin_model: ModelInfo, tmp_path: Path, own_cache: Path
) -> None:
    """Head included: both forms come back with the trained head."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    pairs = [("별은 왜 빛나?", "별은 핵융합으로 빛난다."), ("별은 왜 빛나?", "물은 0도에서 언다.")]
    lists = [TrainingList("별은 왜 빛나?", [passage for _, passage in pairs], [1.0, 0.0])] * 3
    facts, curve = train_reranker(builtin_model.folder, "models/embedder", lists, PARAMS, 7, tmp_path / "out")
    assert facts["steps"] == len(curve) == 2
    merged = CrossEncoder(tmp_path / "out" / "merged", 48).score(pairs)
    base = AutoModelForSequenceClassification.from_pretrained(builtin_model.folder, num_labels=1)
    model = PeftModel.from_pretrained(base, tmp_path / "out" / "adapter").eval()
    tokenizer = AutoTokenizer.from_pretrained(builtin_model.folder)
    batch = tokenizer([q for q, _ in pairs], [p for _, p in pairs], return_tensors="pt", padding=True)
    with torch.inference_mode():
        adapted = model(**batch).logits.squeeze(-1).numpy()
    assert np.abs(merged - adapted).max() < 1e-5
    for path in (tmp_path / "out").rglob("*.json"):
        assert str(builtin_model.folder) not in path.read_text(encoding="utf-8"), path.name
    settings = json.loads((tmp_path / "out" / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    for key in ("target_modules", "modules_to_save"):  # sets in peft: their order is another in each process
        assert settings[key] == sorted(set(settings[key]))
