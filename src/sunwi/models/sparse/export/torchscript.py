"""TorchScript of a sparse encoder, as OpenSearch's ML Commons loads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sunwi.models.sparse.encoder import SparseEncoder

EXAMPLE = ("순위를 매긴다", "검색")  # of two lengths, so that the mask is part of the traced way


def trace_server_model(encoder: SparseEncoder, path: Path) -> Any:
    """Trace on a CPU and write the graph; the traced module.

    Attention is written out in plain products: a server's libtorch may be older than this one.
    """
    import torch

    from sunwi.models.sparse.export.server_model import ServerModel

    model = encoder.model.cpu().eval()
    inner: Any = model.encoder
    attention = inner.config._attn_implementation
    inner.set_attn_implementation("eager")
    try:
        server = ServerModel(model, encoder.token_ids, encoder.max_terms).eval()
        encoded = encoder.tokenizer(list(EXAMPLE), padding=True, return_tensors="pt")
        example = {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}
        with torch.inference_mode():
            traced = torch.jit.trace(server, (example,), strict=False)  # type: ignore[no-untyped-call]
    finally:
        inner.set_attn_implementation(attention)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.jit.save(traced, path)
    return traced
