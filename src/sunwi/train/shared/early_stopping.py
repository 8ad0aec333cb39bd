"""The best step of a training by a dev figure, and when to end because no better one came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def best_position(values: Sequence[float]) -> int:
    """Position of the largest value; a tie keeps the earlier one.

    Examples
    --------
    >>> best_position([0.1, 0.5, 0.5, 0.2])
    1
    """
    return max(range(len(values)), key=lambda position: (values[position], -position))


def is_exhausted(values: Sequence[float], patience: int) -> bool:
    """Whether the last `patience` values are all no better than one before them.

    Examples
    --------
    >>> is_exhausted([0.1, 0.5, 0.5, 0.2], 2), is_exhausted([0.1, 0.5, 0.5], 2), is_exhausted([], 2)
    (True, False, False)
    """
    return bool(values) and len(values) - 1 - best_position(values) >= patience


@dataclass(slots=True)
class EarlyStopping:
    """Measures a model every so many steps and keeps its best trained weights, the start among them.

    Attributes
    ----------
    measure
        From what `see` is given beside the model to a number; larger is better.
    every, patience
        Steps between two measures, and how many in a row without a better one end the training.
    start
        What the measure is before the first step, where that is known; None: it is measured.
    last
        A step that is measured whatever its number.
    name
        Of the figure in the curve.
    questions
        What the measure depends on beside the model: it names a run's checkpoints.
    """

    measure: Callable[..., float]
    every: int
    patience: int
    start: float | None = None
    last: int | None = None
    name: str = "dev"
    questions: Sequence[str] = ()
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    weights: dict[str, torch.Tensor] = field(default_factory=dict)  # of the best step

    def see(self, step: int, model: torch.nn.Module, *scorer: Any) -> bool:
        """Measure if it is time for it (step 0 is the start); return whether training should end."""
        if step % self.every and step != self.last:
            return False
        self.steps.append(step)
        self.values.append(self._measured(model, *scorer) if step or self.start is None else self.start)
        if self.best_step == step:
            self.weights = {
                name: parameter.detach().cpu().clone()
                for name, parameter in model.named_parameters()
                if parameter.requires_grad
            }
        return self.stopped

    @property
    def best_step(self) -> int:
        """The step whose weights are kept."""
        return self.steps[best_position(self.values)]

    @property
    def stopped(self) -> bool:
        """Whether training should end."""
        return is_exhausted(self.values, self.patience)

    @property
    def curve(self) -> list[dict[str, float]]:
        """The figure of each measured step."""
        return [
            {"step": step, self.name: round(value, 6)}
            for step, value in zip(self.steps, self.values, strict=True)
        ]

    def _measured(self, model: torch.nn.Module, *scorer: Any) -> float:
        training = model.training
        model.eval()
        value = self.measure(*scorer)
        model.train(training)
        return value

    def restore(self, model: torch.nn.Module) -> None:
        """Put the best weights back."""
        import torch

        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name in self.weights:
                    parameter.copy_(self.weights[name])
