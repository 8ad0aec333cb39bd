"""A late-interaction folder that PyLate 1.6 loads as `pylate.models.ColBERT`; writing it needs no PyLate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sunwi.models.heads import load_head
from sunwi.models.saving import save_encoder
from sunwi.models.spec import ModelInfo
from sunwi.records.files import read_json, write_json

if TYPE_CHECKING:
    import torch

DENSE = "1_Dense"


def write_pylate(info: ModelInfo, folder: Path, query_max_length: int, max_length: int) -> None:
    """Write the encoder and the projection of its token vectors.

    PyLate asks for a projection and adds a random one where there is none, so an encoder without a ColBERT
    head gets the identity. Query expansion, marker tokens and the list of skipped punctuation are off: the
    model was not trained with them. Prompts are given by `encode(..., prompt_name="query")` or "document".
    PyLate has no way to leave out M3's first token; it takes part in the scores there.
    """
    import torch
    from safetensors.torch import save_file

    save_encoder(info, None, folder)
    hidden = int(read_json(folder / "config.json")["hidden_size"])
    tensors: dict[str, torch.Tensor]
    if "colbert" in info.heads:
        head = load_head(info, "colbert")
        tensors = {"linear.weight": head["weight"].float(), "linear.bias": head["bias"].float()}
    else:
        tensors = {"linear.weight": torch.eye(hidden)}
    (folder / DENSE).mkdir()
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()}, folder / DENSE / "model.safetensors"
    )
    write_json(
        folder / DENSE / "config.json",
        {
            "in_features": hidden,
            "out_features": int(tensors["linear.weight"].shape[0]),
            "bias": "linear.bias" in tensors,
            "activation_function": "torch.nn.modules.linear.Identity",
        },
    )
    rows = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": DENSE, "type": "pylate.models.Dense.Dense"},
    ]
    (folder / "modules.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    write_json(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "ColBERT",
            "prompts": {"query": info.query_prefix, "document": info.passage_prefix},
            "default_prompt_name": None,
            "similarity_fn_name": "MaxSim",
            "query_prefix": "",
            "document_prefix": "",
            "query_length": query_max_length,
            "document_length": max_length,
            "attend_to_expansion_tokens": False,
            "do_query_expansion": False,
            "skiplist_words": [],
        },
    )
