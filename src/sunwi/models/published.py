"""Models that people use today: facts of their public cards, and the recipe that uses each.

The table of recipes/README.md is written from here (scripts/model_table.py). No hub was reached from this
project: a fact is from the card or repository that `source` names, and a fact that no stored text confirmed
is marked there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CARD = "public card, 2026-11"
KURE = "KURE repository, 2026-10"


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """One model.

    `use` says as what. `weights` are millions, `length` is tokens, `dimensions` those of a vector or None for
    a reranker. `recipe` is a file of recipes/, or None with the reason or the settings in `note`.
    """

    name: str
    use: Literal["encoder", "reranker", "either"]
    weights: int
    length: int
    dimensions: int | None
    pooling: str
    prompts: str
    licence: str
    recipe: str | None
    source: str
    note: str = ""


MODELS: tuple[PublishedModel, ...] = (
    PublishedModel(
        "builtin/multilingual-e5-small", "encoder", 118, 512, 384, "mean", "`query: `, `passage: `", "MIT",
        "embedded", "run here", "no download",
    ),
    PublishedModel(
        "intfloat/multilingual-e5-large", "encoder", 560, 512, 1024, "mean", "`query: `, `passage: `", "MIT",
        None, CARD, "`train_embedder.method: dense`; `-base` alike",
    ),
    PublishedModel(
        "intfloat/multilingual-e5-large-instruct", "encoder", 560, 512, 1024, "mean", "an instruction",
        "MIT", "e5-large-instruct", CARD,
    ),
    PublishedModel(
        "BAAI/bge-m3", "encoder", 568, 8192, 1024, "CLS", "none", "MIT", "bge-m3", CARD,
        "also lexical and ColBERT heads",
    ),
    PublishedModel(
        "nlpai-lab/KURE-v1", "encoder", 568, 8192, 1024, "CLS", "none", "MIT", "kure-v1", KURE,
    ),
    PublishedModel(
        "dragonkue/BGE-m3-ko", "encoder", 568, 8192, 1024, "CLS", "none", "Apache-2.0", "bge-m3-ko", CARD,
    ),
    PublishedModel(
        "dragonkue/snowflake-arctic-embed-l-v2.0-ko", "encoder", 568, 8192, 1024, "CLS", "`query: `",
        "Apache-2.0", "arctic-ko", CARD,
    ),
    PublishedModel(
        "Qwen/Qwen3-Embedding-0.6B", "encoder", 596, 32768, 1024, "last token", "an instruction",
        "Apache-2.0", "qwen3-embedding-0.6b", CARD,
    ),
    PublishedModel(
        "Qwen/Qwen3-Embedding-4B", "encoder", 4022, 32768, 2560, "last token", "an instruction",
        "Apache-2.0", "qwen3-embedding-4b", CARD,
    ),
    PublishedModel(
        "google/embeddinggemma-300m", "encoder", 308, 2048, 768, "mean, two dense layers", "its own prompts",
        "Gemma terms", "embeddinggemma", CARD, "never float16",
    ),
    PublishedModel(
        "Alibaba-NLP/gte-multilingual-base", "encoder", 305, 8192, 768, "CLS", "none", "Apache-2.0", None,
        CARD, "refused: it needs Python code of its own, which sunwi never runs",
    ),
    PublishedModel(
        "klue/roberta-base", "either", 111, 512, 768, "mean", "none", "CC-BY-SA-4.0", None, CARD,
        "no retriever yet: needs thousands of questions, `max_overlap` below 1; its card names no licence, "
        "that of the KLUE repository is shown",
    ),
    PublishedModel(
        "google-bert/bert-base-multilingual-cased", "either", 178, 512, 768, "mean", "none", "Apache-2.0",
        "mbert-reranker", CARD, "no retriever yet, as above",
    ),
    PublishedModel(
        "EleutherAI/polyglot-ko-1.3b", "encoder", 1330, 2048, 2048, "last token", "none", "Apache-2.0",
        "polyglot-ko", CARD, "a language model, untuned no retriever",
    ),
    PublishedModel(
        "BAAI/bge-reranker-v2-m3", "reranker", 568, 8192, None, "classifier", "none", "Apache-2.0", "bge-m3",
        CARD, "also recipe `legal-finance`",
    ),
    PublishedModel(
        "dragonkue/bge-reranker-v2-m3-ko", "reranker", 568, 8192, None, "classifier", "none", "Apache-2.0",
        "bge-reranker-ko", CARD,
    ),
    PublishedModel(
        "nlpai-lab/KURE-Reranker-nano", "reranker", 149, 8192, None, "classifier", "none", "MIT",
        "kure-reranker-nano", KURE,
        "base skt/A.X-Encoder-base, a ModernBERT; the class of its head was not seen",
    ),
    PublishedModel(
        "nlpai-lab/KURE-Reranker-base", "reranker", 1721, 8192, None, "yes/no logits", "its own template",
        "MIT", "kure-reranker-base", KURE, "teacher; not trained here",
    ),
    PublishedModel(
        "Qwen/Qwen3-Reranker-0.6B", "reranker", 596, 32768, None, "yes/no logits", "its own template",
        "Apache-2.0", "qwen3-reranker", CARD, "teacher; not trained here",
    ),
    PublishedModel(
        "Alibaba-NLP/gte-reranker-modernbert-base", "reranker", 149, 8192, None, "classifier", "none",
        "Apache-2.0", "gte-reranker-modernbert", CARD, "English",
    ),
)  # fmt: skip


def markdown_table(models: tuple[PublishedModel, ...] = MODELS) -> str:
    """One row a model, in the registry's order."""
    head = (
        "model", "use as", "million weights", "tokens", "dimensions", "pooling or head", "prompts", "licence",
        "recipe", "notes", "source",
    )  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for model in models:
        cells = (
            f"`{model.name}`",
            model.use,
            f"{model.weights:,}",
            f"{model.length:,}",
            str(model.dimensions or ""),
            model.pooling,
            model.prompts,
            model.licence,
            f"`{model.recipe}`" if model.recipe else "none",
            model.note,
            model.source,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
