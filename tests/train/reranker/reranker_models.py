"""Tiny random encoders and lists over the toy language, for rerankers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.train.conftest import WORDS, write_tokenizer

from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.params.whole import Params
from sunwi.records.mined import Candidate, CandidateList
from sunwi.train.reranker.lists import TrainingList

TEXTS = {f"d{n}": " ".join(WORDS[(n + position) % 12] for position in range(3)) for n in range(12)}
QUERIES = {f"q{n}": f"{WORDS[n]} {WORDS[n + 1]}" for n in range(11)}


def write_base(folder: Path, kind: str, labels: int = 0) -> Path:
    """An encoder (or a classifier of `labels`) of kind bert, roberta or xlm-roberta, from a seed."""
    import torch
    import transformers

    name = {"bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta"}[kind]
    size: dict[str, Any] = {
        "vocab_size": write_tokenizer(folder, ending=True),
        "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
        "max_position_embeddings": 40, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3,
        "initializer_range": 0.3,
    }  # fmt: skip
    config = getattr(transformers, f"{name}Config")(**size)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        if labels:
            config.num_labels = labels
            getattr(transformers, f"{name}ForSequenceClassification")(config).save_pretrained(folder)
        else:
            getattr(transformers, f"{name}Model")(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def settings(**other: Any) -> TrainRerankerParams:
    """Small budgets."""
    small = {"max_steps": 4, "batch_size": 2, "max_length": 24, "negatives": 2, "lora_r": 4, "depth": 5}
    small |= {"early_look": 0.0}  # tests of the look set it
    return TrainRerankerParams.model_validate(small | other)


def project_params(**sections: Any) -> Params:
    """Params of a tiny run."""
    chosen = settings(**sections.pop("train_reranker", {}))
    encoder = {"max_length": 24, "query_max_length": 8}
    return Params.model_validate({"encoder": encoder, "train_reranker": chosen.model_dump(), **sections})


def training_rows(count: int = 6) -> list[TrainingList]:
    """Lists whose positive has the question's words."""
    return [
        TrainingList(
            QUERIES[f"q{n}"],
            [TEXTS[f"d{n}"], TEXTS[f"d{(n + 4) % 12}"], TEXTS[f"d{(n + 7) % 12}"]],
            [1.0, 0.5, 0.0],
        )
        for n in range(count)
    ]


def candidate_list(number: int, split: str, order: list[int], positive: int) -> CandidateList:
    """A question's list; scores fall by one a place."""
    rows = [
        Candidate(docid=f"d{position}", score=10.0 - place, label=int(position == positive), components={})
        for place, position in enumerate(order)
    ]
    hits = [place for place, position in enumerate(order, start=1) if position == positive]
    return CandidateList(
        qid=f"q{number}", query=QUERIES[f"q{number}"], split=split, style="plain", overlap=0.5,
        positive_rank=hits[0] if hits else None, candidates=rows,
    )  # fmt: skip
