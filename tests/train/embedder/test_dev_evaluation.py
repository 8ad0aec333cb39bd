from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.train.conftest import WORDS

from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.passage_vectors import encode_passages
from sunwi.models.spec import ModelInfo
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.train.embedder.dev_evaluation import (
    CHOSEN_BY,
    DevEvaluation,
    evaluation_questions,
    live_vectors,
)
from sunwi.train.embedder.dev_set import as_queries
from sunwi.train.embedder.gate import gate_ranks, gate_set, judge

PARAMS = Params.model_validate(
    {
        "encoder": {"max_length": 16, "query_max_length": 16, "batch_size": 4, "precision": "float32"},
        "bm25": {"tokenizer": "whitespace"},
        "fusion": {"min_questions": 2, "bm25_weights": [0.0, 0.5]},
        "train_embedder": {"eval_questions": 4},
    }
)


def corpus() -> Passages:
    texts = [" ".join(WORDS[(number + n) % 24] for n in range(3)) for number in range(12)]
    return Passages.of([Document(docid=f"d{number:02}", content=text) for number, text in enumerate(texts)])


def labels() -> list[LabelledQuestion]:
    return [
        LabelledQuestion(
            f"q{number}", f"{WORDS[number]} {WORDS[number + 1]}", (number,), "dev",
            "natural" if number < 2 else "factual",
            overlap=0.2 if number < 6 else 0.9,
        )
        for number in range(10)
    ]  # fmt: skip


def test_questions_are_taken_by_part() -> None:
    low, high = evaluation_questions(labels(), PARAMS)
    assert {0, 1} <= set(low) <= set(range(6))  # natural ones first
    assert (len(low), len(high)) == (4, 2)
    assert set(high) <= {6, 7, 8, 9}


def test_figures_of_weights_in_memory_and_of_saved_ones_agree(
    tiny_models: dict[str, ModelInfo], own_cache: Path
) -> None:
    from transformers import AutoTokenizer

    info = tiny_models["bert"]
    encoder = Encoder(info, 4)
    model = load_encoder(info.folder, torch.float32).train()
    tokenizer = AutoTokenizer.from_pretrained(info.folder)
    live = live_vectors(model, tokenizer, info, corpus().texts, "passage", 16, 4)
    assert np.abs(live - encoder.encode(corpus().texts, "passage", 16).astype(np.float32)).max() < 1e-3
    assert model.training
    evaluation = DevEvaluation(corpus(), encoder, labels(), PARAMS)
    figures = evaluation(model, tokenizer)
    assert figures.keys() >= {CHOSEN_BY, "dense_mrr_natural", "fused_ndcg10_high_overlap", "bm25_weight"}
    assert evaluation(model, tokenizer) == figures  # dropout was off


def test_a_perfect_dense_ranking_scores_one(tiny_models: dict[str, ModelInfo], own_cache: Path) -> None:
    evaluation = DevEvaluation(corpus(), Encoder(tiny_models["bert"], 4), labels(), PARAMS)
    dense = np.zeros((6, 12), dtype=np.float32)
    for row, positions in enumerate(evaluation.dev.relevant):
        dense[row, positions[0]] = 1.0
    figures = evaluation.figures(dense)
    assert all(figures[f"dense_ndcg10_{part}"] == 1.0 for part in ("low_overlap", "natural", "high_overlap"))


def test_a_large_corpus_is_searched_in_a_pool(tiny_models: dict[str, ModelInfo], own_cache: Path) -> None:
    settings = PARAMS.train_embedder.model_copy(update={"eval_corpus": 5})
    params = PARAMS.model_copy(update={"train_embedder": settings})
    evaluation = DevEvaluation(corpus(), Encoder(tiny_models["bert"], 4), labels(), params)
    for label, positions in zip(evaluation.dev.labels, evaluation.dev.relevant, strict=True):
        assert evaluation.dev.passages.docids[positions[0]] == f"d{label.relevant[0]:02}"


def test_long_passages_are_judged_by_their_best_window(
    tiny_models: dict[str, ModelInfo], own_cache: Path
) -> None:
    from transformers import AutoTokenizer

    info, limits = tiny_models["bert"], PARAMS.encoder
    texts = [" ".join(WORDS[(2 * number + n) % 24] for n in range(20)) for number in range(12)]
    passages = Passages.of([Document(docid=f"d{at:02}", content=text) for at, text in enumerate(texts)])
    asked = [
        LabelledQuestion(f"q{at}", " ".join(text.split()[-2:]), (at,), "dev", "natural", 0.2)
        for at, text in enumerate(texts)
    ]
    encoder = Encoder.of(info, limits)
    gate = gate_set(passages, encoder, asked, PARAMS)
    queries = as_queries(encoder, gate.labels, PARAMS)
    vectors, windows = encode_passages(encoder, gate.passages.texts, limits)
    assert windows is not None
    searched = gate_ranks(DenseRetriever(vectors, windows).scores(queries), gate, PARAMS)
    starts = gate_ranks(DenseRetriever(vectors).scores(queries), gate, PARAMS)
    found = judge(encoder, gate, PARAMS)
    np.testing.assert_array_equal(found.dense, searched.dense)
    assert (found.dense != starts.dense).any()

    settings = PARAMS.train_embedder.model_copy(update={"eval_questions": 12})
    evaluation = DevEvaluation(
        passages, encoder, asked, PARAMS.model_copy(update={"train_embedder": settings})
    )
    assert [label.qid for label in evaluation.dev.labels] == [label.qid for label in gate.labels]
    model, tokenizer = load_encoder(info.folder, torch.float32), AutoTokenizer.from_pretrained(info.folder)
    figures = evaluation(model, tokenizer)
    assert figures["dense_mrr_natural"] == pytest.approx(searched.dense.mean(), abs=1e-6)
