"""A tiny BERT over words of both languages, without and with an MLM head, and a corpus for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sunwi.models.resolver import resolve
from sunwi.models.spec import ModelInfo
from sunwi.records.corpus import Document
from sunwi.records.mined import MinedRow
from sunwi.search.passages import Passages
from sunwi.train.sparse.bilingual.dictionary import TermPair

KOREAN = ["물", "빛", "산소", "힘", "지진", "한글", "바다", "달", "별", "불"]
ENGLISH = ["water", "light", "oxygen", "force", "quake", "hangul", "sea", "moon", "star", "fire"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def write_bert(folder: Path, kind: str) -> Path:
    """`kind`: "bare", "bert", "roberta" or "xlm-roberta" (with their MLM heads)."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import (
        BertConfig,
        BertForMaskedLM,
        BertModel,
        PreTrainedTokenizerFast,
        RobertaConfig,
        RobertaForMaskedLM,
        XLMRobertaConfig,
        XLMRobertaForMaskedLM,
    )

    words = [*SPECIAL, ".", *KOREAN, *ENGLISH]
    tokenizer = Tokenizer(
        models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]",
        sep_token="[SEP]", model_max_length=16,
    )  # fmt: skip
    fast.save_pretrained(folder)
    sizes = {
        "vocab_size": len(words), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 32, "max_position_embeddings": 20, "initializer_range": 0.5, "pad_token_id": 0,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(5)
        if kind == "bare":
            BertModel(BertConfig(**sizes), add_pooling_layer=False).save_pretrained(folder)
        elif kind == "bert":
            BertForMaskedLM(BertConfig(**sizes)).save_pretrained(folder)
        elif kind == "roberta":
            RobertaForMaskedLM(RobertaConfig(**sizes)).save_pretrained(folder)
        else:
            XLMRobertaForMaskedLM(XLMRobertaConfig(**sizes)).save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A tiny model's threads would only wait for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def bare(tmp_path: Path) -> ModelInfo:
    return resolve(str(write_bert(tmp_path / "bare", "bare")))


@pytest.fixture
def pairs() -> list[TermPair]:
    return [TermPair(korean, english, "x") for korean, english in zip(KOREAN, ENGLISH, strict=True)]


@pytest.fixture
def water_corpus() -> Passages:
    """Passage n is about word n, and holds word n + 1 too."""
    texts = [f"{word} {word} {KOREAN[(number + 1) % len(KOREAN)]} ." for number, word in enumerate(KOREAN)]
    return Passages.of([Document(docid=f"d{number}", content=text) for number, text in enumerate(texts)])


@pytest.fixture
def water_rows(water_corpus: Passages) -> list[MinedRow]:
    rows = []
    for number, word in enumerate(KOREAN):
        negatives = [(number + 9) % 10, (number + 4) % 10]
        rows.append(
            MinedRow(
                qid=f"q{number}",
                query=word,
                pos=[water_corpus.texts[number]],
                pos_ids=[f"d{number}"],
                pos_scores=[4.0],
                neg=[water_corpus.texts[n] for n in negatives],
                neg_ids=[f"d{n}" for n in negatives],
                neg_scores=[1.0, 0.0],
                provenance=[],
            )
        )
    return rows
