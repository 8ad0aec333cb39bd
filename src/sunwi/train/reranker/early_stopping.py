"""Early stopping of a reranker's training: the best state by a measure on questions that train nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sunwi.search.rerank.rerankers import PairScorer

if TYPE_CHECKING:
    import torch


@dataclass(slots=True)
class Watch:
    """Measures the model every so many steps and keeps its best trained weights, the start among them.

    Attributes
    ----------
    measure
        From a scorer of (query, passage) pairs to a number; larger is better.
    every, patience
        Steps between two measures, and how many without a better one end the training.
    start
        What the measure is before the first step, where that is known; None: it is measured.
    """

    measure: Callable[[PairScorer], float]
    every: int
    patience: int
    start: float | None = None
    curve: list[dict[str, float]] = field(default_factory=list)
    best_step: int = 0
    _best: float = float("-inf")
    _state: dict[str, torch.Tensor] = field(default_factory=dict)

    def see(self, step: int, model: torch.nn.Module, scorer: PairScorer) -> bool:
        """Measure if it is time for it (step 0 is the start); return whether training should end."""
        if step % self.every:
            return False
        value = self._measured(model, scorer) if step or self.start is None else self.start
        self.curve.append({"step": step, "dev": round(value, 6)})
        if value > self._best:  # a tie keeps the earlier state
            self.best_step, self._best = step, value
            self._state = {
                name: parameter.detach().clone()
                for name, parameter in model.named_parameters()
                if parameter.requires_grad
            }
        return step - self.best_step >= self.patience * self.every

    def _measured(self, model: torch.nn.Module, scorer: PairScorer) -> float:
        training = model.training
        model.eval()
        value = self.measure(scorer)
        model.train(training)
        return value

    def restore(self, model: torch.nn.Module) -> None:
        """Put the best state back."""
        import torch

        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name in self._state:
                    parameter.copy_(self._state[name])


def watching(watch: Watch, model: torch.nn.Module, scorer: PairScorer) -> Any:
    """A callback by which transformers' trainer asks the watch after each step."""
    from transformers import TrainerCallback

    class Watching(TrainerCallback):  # type: ignore[misc]  # the library's class has no types
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            watch.see(0, model, scorer)

        def on_step_end(self, _: Any, state: Any, control: Any, **__: Any) -> None:
            if watch.see(state.global_step, model, scorer):
                control.should_training_stop = True

    return Watching()
