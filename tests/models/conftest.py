"""A tiny BERT with a word-level tokeniser, made from a seed."""

from __future__ import annotations

from pathlib import Path

import pytest

WORDS = ["물", "빛", "산소", "힘", "지진", "한글", "바다", "달"]


def write_tiny_bert(folder: Path, labels: int) -> Path:
    """An encoder (`labels` 0) or a classifier in a Hugging Face folder; 16 positions."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=16,
        padding_side="left",
    )
    fast.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=16, initializer_range=1.0,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(5)
        if labels:
            config.num_labels = labels
            BertForSequenceClassification(config).save_pretrained(folder)
        else:
            BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture
def tiny_bert(tmp_path: Path) -> Path:
    """A tiny encoder; its tokeniser pads on the left, as decoders' do."""
    return write_tiny_bert(tmp_path / "bert", labels=0)


@pytest.fixture
def tiny_reranker(tmp_path: Path) -> Path:
    """A tiny cross-encoder of one label."""
    return write_tiny_bert(tmp_path / "reranker", labels=1)
