"""Folders that sentence-transformers 6 loads: SentenceTransformer, CrossEncoder, MultiVectorEncoder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.models.export.reranker import require_classifier
from sunwi.models.heads import load_head
from sunwi.models.saving import save_encoder
from sunwi.models.spec import ModelInfo

if TYPE_CHECKING:
    import torch

CONFIG = "config_sentence_transformers.json"


def write_dense(info: ModelInfo, folder: Path) -> None:
    """Write a folder of `SentenceTransformer`: the model's own weights, pooling, layers and prompts."""
    save_encoder(info, None, folder)


def write_cross_encoder(source: Path, folder: Path, max_length: int) -> None:
    """Write a folder of `CrossEncoder` whose scores are logits, as sunwi's are; an adapter is merged before.

    Without the identity as activation the library would give their sigmoid.

    Raises
    ------
    ModelError
        If the source is no classifier of one label.
    """
    import torch
    from sentence_transformers import CrossEncoder

    require_classifier(source, "sentence-transformers' CrossEncoder")
    model = CrossEncoder(
        str(source),
        max_length=max_length,
        device="cpu",
        activation_fn=torch.nn.Identity(),
        trust_remote_code=False,
    )
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(str(folder), create_model_card=False)


def write_multi_vector(info: ModelInfo, folder: Path, query_max_length: int, max_length: int) -> None:
    """Write a folder of `MultiVectorEncoder` with the token vectors of the late interaction.

    Scores are the mean over query tokens (`meanmaxsim`), as sunwi's are. M3's ColBERT head becomes a Dense
    module, and the first token, which M3 leaves out, is masked.
    """
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Dense, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
    from sentence_transformers.sentence_transformer.modules import Normalize

    transformer = Transformer(str(info.folder), query_length=query_max_length, document_length=max_length)
    modules: list[torch.nn.Module] = [transformer]
    left_out: list[str] = []
    if "colbert" in info.heads:
        head = load_head(info, "colbert")
        modules.append(_projection(Dense, head))
        left_out = [str(transformer.tokenizer.cls_token)]
    modules += [
        MultiVectorMask(skiplist_words=left_out, skiplist_tasks=["query", "document"]),
        Normalize(module_input_name="token_embeddings"),
    ]
    model = MultiVectorEncoder(
        modules=modules,
        prompts={"query": info.query_prefix, "document": info.passage_prefix},
        similarity_fn_name="meanmaxsim",
        device="cpu",
    )
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(str(folder), create_model_card=False)


def _projection(kind: Any, head: Mapping[str, torch.Tensor]) -> torch.nn.Module:
    """A head of token vectors as a Dense module."""
    import torch

    out, wide = head["weight"].shape
    module: torch.nn.Module = kind(
        in_features=wide,
        out_features=out,
        bias=True,
        activation_function=torch.nn.Identity(),
        init_weight=head["weight"].float(),
        init_bias=head["bias"].float(),
        module_input_name="token_embeddings",
    )
    return module
