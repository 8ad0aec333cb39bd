"""Checkpoints of a sparse training run: it resumes where it stopped, to the same weights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.runtime import atomic_write

if TYPE_CHECKING:
    import torch


@dataclass(slots=True)
class Progress:
    """What a run knows beside its weights."""

    step: int = 0
    best_step: int = 0
    best_ndcg: float = -1.0
    worse_in_row: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    dev_curve: list[dict[str, float]] = field(default_factory=list)

    def add(self, step: int, losses: Mapping[str, float]) -> None:
        """Note the losses of a step."""
        self.step = step
        total = {"step": step, "loss": round(sum(losses.values()), 6)}
        self.curve.append(total | {name: round(value, 6) for name, value in losses.items()})

    def judge(self, step: int, ndcg: float) -> bool:
        """Note a dev evaluation; whether it is the best so far."""
        self.dev_curve.append({"step": step, "dev_ndcg10": round(ndcg, 6)})
        if ndcg > self.best_ndcg:
            self.best_ndcg, self.best_step, self.worse_in_row = ndcg, step, 0
            return True
        self.worse_in_row += 1
        return False


class Checkpoint:
    """One file of safetensors beside the row caches: weights, AdamW's moments, the best weights, progress.

    It lies outside the stage's outputs, because DVC removes those before a run; `key` covers all that the
    run hangs on, so a changed parameter starts anew.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.path = folder / "sparse_checkpoints" / f"{key}.safetensors"

    def save(
        self,
        named: Sequence[tuple[str, torch.Tensor]],
        optimizer: torch.optim.Optimizer,
        best: dict[str, torch.Tensor],
        progress: Progress,
    ) -> None:
        """Write everything under a temporary name, then rename it."""
        import torch
        from safetensors.torch import save_file

        tensors = {f"weight.{name}": tensor.detach().cpu().contiguous() for name, tensor in named}
        tensors |= {f"best.{name}": tensor.contiguous() for name, tensor in best.items()}
        for name, tensor in named:
            for key, value in optimizer.state.get(tensor, {}).items():
                moment = value if isinstance(value, torch.Tensor) else torch.tensor(float(value))
                tensors[f"moment.{key}.{name}"] = moment.detach().cpu().contiguous()
        with atomic_write(self.path, "wb") as out:
            save_file(tensors, out.name, metadata={"progress": json.dumps(asdict(progress))})

    def load(
        self, named: Sequence[tuple[str, torch.Tensor]], optimizer: torch.optim.Optimizer
    ) -> tuple[Progress, dict[str, torch.Tensor]] | None:
        """Fill weights and optimiser in place; None if there is no checkpoint of this run."""
        import torch
        from safetensors import safe_open

        if not self.path.exists():
            return None
        with safe_open(self.path, framework="pt") as file:
            progress = Progress(**json.loads(file.metadata()["progress"]))
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        with torch.no_grad():
            for name, tensor in named:
                tensor.copy_(tensors[f"weight.{name}"])
                state: dict[str, Any] = {
                    key: tensors[f"moment.{key}.{name}"].to(tensor.device if key != "step" else "cpu")
                    for key in ("step", "exp_avg", "exp_avg_sq")
                    if f"moment.{key}.{name}" in tensors
                }
                if state:
                    optimizer.state[tensor] = state
        best = {
            name.removeprefix("best."): value for name, value in tensors.items() if name.startswith("best.")
        }
        return progress, best

    def remove(self) -> None:
        """Delete the file: the run is done."""
        self.path.unlink(missing_ok=True)
