"""Tiny random models of the three kinds that train, and mined rows over a toy language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sunwi.models.resolver import resolve
from sunwi.models.saving import save_encoder
from sunwi.models.spec import ModelInfo
from sunwi.records.mined import MinedRow

WORDS = [f"말{n}" for n in range(24)]
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>"]


def write_tokenizer(folder: Path, ending: bool) -> int:
    """A word-level tokeniser; `ending` puts <s> and </s> around a text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if ending:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", 2), ("</s>", 3)]
        )
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "model_max_length": 32}
    if ending:
        names |= {"pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    return len(vocabulary)


def write_model(folder: Path, kind: str) -> ModelInfo:
    """A model of kind bert, m3 or decoder, from a seed, with sentence-transformers' files."""
    import torch
    from transformers import (
        BertConfig,
        BertModel,
        GPTNeoXConfig,
        GPTNeoXModel,
        XLMRobertaConfig,
        XLMRobertaModel,
    )

    raw = folder.with_name(f"{folder.name}-raw")
    size: dict[str, Any] = {
        "vocab_size": write_tokenizer(raw, ending=kind != "decoder"),
        "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
        "max_position_embeddings": 40, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(5)
        if kind == "decoder":
            GPTNeoXModel(GPTNeoXConfig(**size, initializer_range=0.3)).save_pretrained(raw)
        elif kind == "m3":
            XLMRobertaModel(XLMRobertaConfig(**size, initializer_range=0.3)).save_pretrained(raw)
            for name, out in (("colbert_linear", 16), ("sparse_linear", 1)):
                torch.save(torch.nn.Linear(16, out).state_dict(), raw / f"{name}.pt")
        else:
            BertModel(BertConfig(**size, initializer_range=0.3), add_pooling_layer=False).save_pretrained(raw)
    pooling = {"bert": "mean", "m3": "cls", "decoder": "lasttoken"}[kind]
    plain = resolve(str(raw))
    info = ModelInfo("tiny", plain.folder, pooling, "", "", plain.heads, plain.content_hash)
    save_encoder(info, None, folder)
    return resolve(str(folder))


def mined_rows(count: int, negatives: int = 3) -> list[MinedRow]:
    """Question n is about words n and n + 1, which its passage holds and the negatives do not."""
    size = len(WORDS)
    rows = []
    for n in range(count):
        others = [(n + 5 + 3 * number) % size for number in range(negatives)]
        rows.append(
            MinedRow(
                qid=f"q{n:02}",
                query=f"{WORDS[n % size]} {WORDS[(n + 1) % size]}",
                pos=[" ".join(WORDS[(n + number) % size] for number in range(3 + n % 4))],
                neg=[
                    " ".join(WORDS[(other + number) % size] for number in range(2 + n % 3))
                    for other in others
                ],
                pos_ids=[f"d{n}"],
                neg_ids=[f"n{n}-{number}" for number in range(negatives)],
                pos_scores=[2.0],
                neg_scores=[1.0 - 0.1 * number for number in range(negatives)],
                provenance=[],
            )
        )
    return rows


def alone(docid: str) -> frozenset[str]:
    """A passage without answer_group."""
    return frozenset({docid})


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelInfo]:
    """One tiny model of each kind."""
    folder = tmp_path_factory.mktemp("tiny-models")
    return {kind: write_model(folder / kind, kind) for kind in ("bert", "m3", "decoder")}
