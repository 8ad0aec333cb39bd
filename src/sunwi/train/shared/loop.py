"""The training loop where no library's trainer serves: steps, accumulation, dev figures, checkpoints, curve.

FlagEmbedding's trainer trains the embedder and sentence-transformers' the cross-encoder. Its
SparseEncoderTrainer does not train the sparse encoder: the best weights that it ends with are a checkpoint's,
and it writes none of the start, whose weights are the best ones where training does not help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sunwi.errors import DataError
from sunwi.progress import progress
from sunwi.train.shared.checkpoints import load_state, save_state
from sunwi.train.shared.early_stopping import EarlyStopping

if TYPE_CHECKING:
    import torch

Batch = TypeVar("Batch")
Losses = Callable[[int, Batch], Mapping[str, "torch.Tensor"]]  # step and batch to losses by name
WEIGHT_DECAY, LARGEST_NORM = 0.01, 1.0


class Optimiser(Generic[Batch]):
    """AdamW over a model's trained parameters: one step over several batches, mixed precision, clipping.

    Parameters
    ----------
    rates
        Learning rate of each parameter by its name.
    factor
        Of the learning rates, by the step (from 1).
    losses
        Of one batch; their sum is minimised.
    accumulate
        Batches of a step.
    section
        Of params.yaml, whose learning rate an error names.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        rates: Callable[[str], float],
        factor: Callable[[int], float],
        losses: Losses[Batch],
        section: str,
        accumulate: int = 1,
        autocast: torch.dtype | None = None,
    ) -> None:
        import torch

        self.model, self.losses, self.factor = model, losses, factor
        self.accumulate, self.section = accumulate, section
        named = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
        self.parameters = [parameter for _, parameter in named]
        by_rate: dict[float, list[torch.nn.Parameter]] = {}
        for name, parameter in named:
            by_rate.setdefault(rates(name), []).append(parameter)
        groups = [{"params": group, "lr": rate} for rate, group in by_rate.items()]
        self.adam = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
        self._rates = list(by_rate)
        self._device = self.parameters[0].device.type
        self._autocast = autocast
        self.scaler = torch.amp.GradScaler(self._device, enabled=autocast is torch.float16)

    def take(self, step: int, batches: Iterable[Batch]) -> dict[str, float]:
        """One step over its batches; the mean of every loss over them.

        Raises
        ------
        DataError
            If a loss is not finite; the weights are then still those of the step before.
        """
        import torch

        for group, rate in zip(self.adam.param_groups, self._rates, strict=True):
            group["lr"] = rate * self.factor(step)
        self.model.train()
        means: dict[str, float] = {}
        for batch in batches:
            with torch.autocast(self._device, self._autocast) if self._autocast else nullcontext():
                losses = self.losses(step, batch)
            loss = torch.stack(list(losses.values())).sum() / self.accumulate
            if not torch.isfinite(loss):
                values = {name: value.item() for name, value in losses.items()}
                raise DataError(
                    f"step {step}: the loss is not finite: {values}", f"lower {self.section}.learning_rate"
                )
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch has no types here
            for name, value in losses.items():
                means[name] = means.get(name, 0.0) + value.item() / self.accumulate
        self.scaler.unscale_(self.adam)
        torch.nn.utils.clip_grad_norm_(self.parameters, LARGEST_NORM)
        self.scaler.step(self.adam)
        self.scaler.update()
        self.adam.zero_grad()
        return means


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Where the loop's state is kept, and after how many steps each time."""

    folder: Path
    every: int


def train_loop(
    optimiser: Optimiser[Batch],
    batches: Callable[[int], Iterator[Iterable[Batch]]],
    steps: int,
    title: str,
    early: EarlyStopping | None = None,
    scorer: tuple[Any, ...] = (),
    checkpoints: Checkpoints | None = None,
    look: Callable[..., bool] | None = None,
) -> list[dict[str, float]]:
    """Train in place, leave the best weights, and return each step's losses and their sum (`loss`).

    Parameters
    ----------
    batches
        From a number of steps to the batches of each step after them, without end: a run goes on from its
        last checkpoint to the same weights as one that was not interrupted.
    scorer
        What `early` and `look` measure the model with.
    look
        Called with the step, the model and the scorer after each step; True ends the training.
    """
    model, curve = optimiser.model, list[dict[str, float]]()
    saved = load_state(checkpoints.folder, model, optimiser.adam) if checkpoints else None
    if saved is not None:
        facts, best = saved
        curve = facts["curve"]
        optimiser.scaler.load_state_dict(facts["scaler"])
        if early is not None:
            early.steps, early.values, early.weights = facts["steps"], facts["values"], best
    elif early is not None:
        early.see(0, model, *scorer)
    stopped = early is not None and early.stopped
    if curve and look is not None:  # a run that was killed right after the step of the look
        stopped |= look(len(curve), model, *scorer)
    todo = [] if stopped else range(len(curve) + 1, steps + 1)
    following = batches(len(curve))
    for step in progress(todo, steps, title, "step", done=len(curve)):
        losses = optimiser.take(step, next(following))
        values = {name: round(value, 6) for name, value in losses.items()}
        curve.append({"step": step, "loss": round(sum(losses.values()), 6)} | values)
        stopped = early is not None and early.see(step, model, *scorer)
        stopped |= look is not None and look(step, model, *scorer)
        if checkpoints and step % checkpoints.every == 0:
            figures = {"steps": early.steps, "values": early.values} if early else {}
            facts = {"curve": curve, "scaler": optimiser.scaler.state_dict(), **figures}
            save_state(checkpoints.folder, model, optimiser.adam, early.weights if early else {}, facts)
        if stopped:
            break
    if early is not None:
        early.restore(model)
    model.eval()
    return curve


def learning_rate_factor(step: int, warmup: int, steps: int) -> float:
    """Linear rise over `warmup` steps, then linear fall to 0 after the last; steps count from 1.

    transformers' linear schedule is that of `step - 1` and `steps - 1`: its first step's rate is 0.

    Examples
    --------
    >>> [learning_rate_factor(step, 2, 6) for step in (1, 2, 4, 6)]
    [0.5, 1.0, 0.6, 0.2]
    """
    if step <= warmup:
        return step / warmup
    return (steps - step + 1) / (steps - warmup + 1)
