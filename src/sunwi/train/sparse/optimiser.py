"""One optimiser step of a sparse encoder: two learning rates, accumulation, mixed precision, clipping."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from sunwi.errors import DataError
from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.params.sparse import SparseParams
from sunwi.runtime import pick_device
from sunwi.train.shared.layer_rates import freeze, without_attention_dropout
from sunwi.train.sparse import losses
from sunwi.train.sparse.batches import SparseBatch
from sunwi.train.sparse.objective import batch_losses

if TYPE_CHECKING:
    import torch

WEIGHT_DECAY, LARGEST_NORM = 0.01, 1.0


class SparseOptimiser:
    """AdamW over an encoder and its head; word embeddings and the `freeze_layers` lowest stay as they are.

    The decoder is tied to the embeddings, and they are most of the weights.
    """

    def __init__(self, encoder: SparseEncoder, params: SparseParams) -> None:
        import torch

        self.encoder = encoder
        self.params = params
        self.device = pick_device()
        model = encoder.model.to(self.device)
        without_attention_dropout(model)
        freeze(model, word_embeddings=True, lowest_layers=params.freeze_layers)
        self.named = [(name, one) for name, one in model.named_parameters() if one.requires_grad]
        head = [one for name, one in self.named if name.startswith("head.")]
        body = [one for name, one in self.named if not name.startswith("head.")]
        groups = [
            {"params": body, "lr": params.learning_rate},
            {"params": head, "lr": params.head_learning_rate},
        ]
        self.adam = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
        self._rates = [float(group["lr"]) for group in self.adam.param_groups]
        half = params.fp16 and self.device.type == "cuda"
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=half)

    def take(self, step: int, batches: Iterable[SparseBatch]) -> dict[str, float]:
        """One step over its batches; the mean of every loss over them.

        Raises
        ------
        DataError
            If a loss is not finite; the weights are then still those of the step before.
        """
        import torch

        factor = learning_rate_factor(step, self.params.warmup_steps, self.params.max_steps)
        for group, rate in zip(self.adam.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        self.encoder.model.train()
        means: dict[str, float] = {}
        for batch in batches:
            with self._autocast():
                found = batch_losses(
                    self.encoder, batch, self.params, losses.ramp(step, self.params.ramp_steps)
                )
            loss = torch.stack(list(found.values())).sum() / self.params.accumulate
            if not torch.isfinite(loss):
                values = {name: value.item() for name, value in found.items()}
                raise DataError(
                    f"step {step}: the loss is not finite: {values}", "lower sparse.learning_rate"
                )
            self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            for name, value in found.items():
                means[name] = means.get(name, 0.0) + value.item() / self.params.accumulate
        self._scaler.unscale_(self.adam)
        torch.nn.utils.clip_grad_norm_([one for _, one in self.named], LARGEST_NORM)
        self._scaler.step(self.adam)
        self._scaler.update()
        self.adam.zero_grad()
        return means

    def weights(self) -> dict[str, torch.Tensor]:
        """A copy of the trained weights."""
        return {name: tensor.detach().cpu().clone() for name, tensor in self.named}

    def restore(self, weights: dict[str, torch.Tensor]) -> None:
        """Put weights back that `weights` gave."""
        import torch

        with torch.no_grad():
            for name, parameter in self.named:
                parameter.copy_(weights[name])

    @property
    def size(self) -> int:
        """Number of trained weights."""
        return sum(parameter.numel() for _, parameter in self.named)

    def _autocast(self) -> Any:
        import torch

        if self.params.bf16:
            return torch.autocast(self.device.type, torch.bfloat16)
        if self.params.fp16 and self.device.type == "cuda":
            return torch.autocast(self.device.type, torch.float16)
        return nullcontext()


def learning_rate_factor(step: int, warmup: int, steps: int) -> float:
    """Linear rise over `warmup` steps, then linear fall to 0 after the last; steps count from 1.

    Examples
    --------
    >>> [learning_rate_factor(step, 2, 6) for step in (1, 2, 4, 6)]
    [0.5, 1.0, 0.6, 0.2]
    """
    if step <= warmup:
        return step / warmup
    return (steps - step + 1) / (steps - warmup + 1)
