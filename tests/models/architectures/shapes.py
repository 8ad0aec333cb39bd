"""Tiny models of the real classes and module layouts, from a seed, as their authors publish them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORDS = [f"말{n}" for n in range(24)]
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>", "yes", "no", "<|im_start|>", "<|im_end|>"]
SIZE: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 48,
    "max_position_embeddings": 80, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3,
    "initializer_range": 0.3,
}  # fmt: skip
DECODER: dict[str, Any] = {**SIZE, "num_key_value_heads": 1, "head_dim": 16}
INSTRUCT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"


@dataclass(frozen=True)
class Shape:
    """One architecture: the name of its folder, its class, its modules and its prompts."""

    name: str
    kind: str  # of transformers' classes: KIND + "Config", KIND + "Model"
    pooling: str = "cls"
    prompts: dict[str, str] = field(default_factory=dict)
    dense: tuple[int, ...] = ()  # output sizes of the dense layers
    options: dict[str, Any] = field(default_factory=dict)
    start: str = "<s>"  # what the tokeniser puts before a text; after it always </s>


ENCODERS = [
    Shape("KURE-v1", "XLMRoberta"),
    Shape("BGE-m3-ko", "XLMRoberta"),
    Shape("snowflake-arctic-embed-l-v2.0-ko", "XLMRoberta", prompts={"query": "query: "}),
    Shape("multilingual-e5-large-instruct", "XLMRoberta", "mean"),
    Shape("Qwen3-Embedding-0.6B", "Qwen3", "lasttoken", {"query": INSTRUCT, "document": ""},
          options=DECODER, start=""),
    Shape(
        "embeddinggemma-300m", "Gemma3Text", "mean",
        {"query": "task: search result | query: ", "document": "title: none | text: "}, (64, 32),
        {**DECODER, "use_bidirectional_attention": True, "query_pre_attn_scalar": 16,
         "layer_types": ["full_attention"]},
    ),
    Shape("modernbert-embed", "ModernBert", "mean",
          {"query": "search_query: ", "document": "search_document: "}),
]  # fmt: skip
CLASSIFIERS = [
    Shape("bge-reranker-v2-m3", "XLMRoberta"),
    Shape("gte-reranker-modernbert-base", "ModernBert", options={"classifier_pooling": "mean"}),
]


def write_tokenizer(folder: Path, start: str) -> int:
    """A word-level tokeniser that ends each text with </s>; returns its size."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    before = f"{start} " if start else ""
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{before}$A </s>",
        pair=f"{before}$A </s> $B:1 </s>:1",
        special_tokens=[("<s>", 2), ("</s>", 3)],
    )
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **names, cls_token="<s>", sep_token="</s>", model_max_length=64
    )
    fast.add_special_tokens({"additional_special_tokens": SPECIAL[-2:]})
    fast.save_pretrained(folder)
    return len(vocabulary)


def write_weights(folder: Path, shape: Shape, head: str, **changed: Any) -> None:
    """Configuration and weights of the class KIND + `head`, random from a seed."""
    import torch
    import transformers

    size = write_tokenizer(folder, shape.start)
    config = getattr(transformers, f"{shape.kind}Config")(
        **{**SIZE, **shape.options, **changed, "vocab_size": size}
    )
    if shape.kind == "ModernBert":
        config.cls_token_id, config.sep_token_id = 2, 3
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = getattr(transformers, f"{shape.kind}{head}")(config)
        for parameter in model.parameters():  # a fresh head or norm may be all zeros or ones
            parameter.data += 0.1 * torch.randn_like(parameter)
        model.save_pretrained(folder)


def write_encoder(folder: Path, shape: Shape) -> Path:
    """A folder as it is published: weights, tokeniser, modules.json with their folders, prompts."""
    import torch
    from safetensors.torch import save_file

    write_weights(folder, shape, "Model")
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling")]
    kinds += [(f"{2 + at}_Dense", "Dense") for at in range(len(shape.dense))]
    kinds += [(f"{len(kinds)}_Normalize", "Normalize")]
    rows = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (path, kind) in enumerate(kinds)
    ]
    write(folder / "modules.json", rows)
    modes = {"cls": "cls_token", "mean": "mean_tokens", "lasttoken": "lasttoken"}
    pooling = {f"pooling_mode_{flag}": mode == shape.pooling for mode, flag in modes.items()}
    hidden = SIZE["hidden_size"]
    write(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": hidden, **pooling, "include_prompt": True},
    )
    generator = torch.Generator().manual_seed(7)
    for at, out in enumerate(shape.dense):
        path = folder / f"{2 + at}_Dense"
        write(
            path / "config.json",
            {"in_features": hidden, "out_features": out, "bias": False,
             "activation_function": "torch.nn.modules.linear.Identity"},
        )  # fmt: skip
        save_file(
            {"linear.weight": torch.randn(out, hidden, generator=generator) / 4}, path / "model.safetensors"
        )
        hidden = out
    (folder / kinds[-1][0]).mkdir()
    if shape.prompts:
        settings = {"prompts": shape.prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"}
        write(folder / "config_sentence_transformers.json", settings)
    return folder


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
