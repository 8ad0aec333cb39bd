"""The optimiser of a sparse encoder: what trains, at two learning rates, by which losses."""

from __future__ import annotations

from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.params.sparse import SparseParams
from sunwi.runtime import pick_device
from sunwi.train.shared.layer_rates import freeze, without_attention_dropout
from sunwi.train.shared.loop import Optimiser, learning_rate_factor
from sunwi.train.sparse.batches import SparseBatch
from sunwi.train.sparse.losses import ramp
from sunwi.train.sparse.objective import batch_losses


def sparse_optimiser(encoder: SparseEncoder, params: SparseParams) -> Optimiser[SparseBatch]:
    """AdamW over an encoder and its head; word embeddings and the `freeze_layers` lowest stay as they are.

    The decoder is tied to the embeddings, and they are most of the weights.
    """
    import torch

    device = pick_device()
    model = encoder.model.to(device)
    without_attention_dropout(model)
    freeze(model, word_embeddings=True, lowest_layers=params.freeze_layers)
    half = torch.float16 if params.fp16 and device.type == "cuda" else None
    return Optimiser(
        model,
        lambda name: params.head_learning_rate if name.startswith("head.") else params.learning_rate,
        lambda step: learning_rate_factor(step, params.warmup_steps, params.max_steps),
        lambda step, batch: batch_losses(encoder, batch, params, ramp(step, params.ramp_steps)),
        section="sparse",
        accumulate=params.accumulate,
        autocast=torch.bfloat16 if params.bf16 else half,
    )
