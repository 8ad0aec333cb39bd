"""How far long work is: a bar on a terminal; in a log a line from time to time, and none for short work."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sunwi.errors import DataError

T = TypeVar("T")
SECONDS = "SUNWI_PROGRESS_SECONDS"
_stages: list[str] = []  # not a ContextVar: the threads that work for a stage must see it, too


class Progress:
    """Counts what is done of one piece of work, on stderr.

    On a terminal tqdm's bar. Elsewhere (`dvc repro > log 2>&1`) one line each `seconds_between_lines`,
    written when work is reported: stage and label, done/total, rate, time left. One more at the end, if
    the work took longer than that.

    Parameters
    ----------
    label
        What is done; the running stage's name is put before it.
    total
        How many there are; None: unknown, so no time left is shown.
    done
        How many were done before this run: they count as done, but not in the rate.
    clock
        Seconds, for tests.
    """

    def __init__(
        self,
        label: str,
        total: int | None,
        unit: str,
        done: int = 0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title = ": ".join([*_stages[-1:], label])
        self.total, self.unit, self.initial, self.done = total, unit, done, done
        self._facts: dict[str, object] = {}
        self._clock = clock
        self._interval = seconds_between_lines()
        self._start = self._written = clock()
        self._bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=done, desc=self.title, unit=unit)

    def advance(self, count: int = 1, **facts: object) -> None:
        """So many more are done; `facts` are shown after the rate."""
        self.done += count
        self._facts = facts
        if self._bar is not None:
            if facts:
                self._bar.set_postfix(refresh=False, **facts)
            self._bar.update(count)
        elif (now := self._clock()) - self._written >= self._interval:
            self._written = now
            self._write(now)

    def close(self) -> None:
        """End the bar, or write the last line of work that took long."""
        if self._bar is not None:
            self._bar.close()
        elif (now := self._clock()) - self._start > self._interval:
            self._write(now, last=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, now: float, *, last: bool = False) -> None:
        # tqdm's own line has no form without a bar that leaves out an unknown time left
        from tqdm import tqdm

        elapsed, new = now - self._start, self.done - self.initial
        total = f"{self.done:,}" if self.total is None else f"{self.done:,}/{self.total:,}"
        parts = [f"{self.title}: {total} {self.unit}"]
        if last:
            parts[0] += f" in {tqdm.format_interval(elapsed)}"
        if new and elapsed:
            rate, unit = new / elapsed, self.unit
            parts.append(f"{rate:.1f} {unit}/s" if rate >= 1 else f"{1 / rate:.1f} s/{unit}")
            if self.total is not None and not last:
                parts.append(f"{tqdm.format_interval((self.total - self.done) / rate)} left")
        parts += [f"{name}={value}" for name, value in self._facts.items()]
        sys.stderr.write(f"{', '.join(parts)}\n")
        sys.stderr.flush()


def progress(
    items: Iterable[T],
    total: int | None,
    label: str,
    unit: str,
    done: int = 0,
    size: Callable[[T], int] = lambda _: 1,
) -> Iterator[T]:
    """`items` one after the other, each counted as `size` when the next one is asked for; see `Progress`."""
    with Progress(label, total, unit, done) as shown:
        for item in items:
            yield item
            shown.advance(size(item))


def seconds_between_lines() -> float:
    """Seconds between two lines in a log: $SUNWI_PROGRESS_SECONDS, else 30; inf writes none.

    Raises
    ------
    DataError
        If the variable is not a number of at least 0.
    """
    value = os.environ.get(SECONDS, "30")
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not seconds >= 0:
        raise DataError(f"{SECONDS}: expected a number of seconds, found {value!r}", f"export {SECONDS}=30")
    return seconds


@contextmanager
def running_stage(name: str) -> Iterator[None]:
    """All progress in this block is that of the stage `name`."""
    seconds_between_lines()  # raises before any work
    _stages.append(name)
    try:
        yield
    finally:
        _stages.pop()


def trainer_progress(trainer: Any, label: str) -> None:
    """Make transformers' trainer report its steps here, in place of its own bars and printed losses."""
    from transformers import PrinterCallback, ProgressCallback, TrainerCallback

    class Steps(TrainerCallback):  # type: ignore[misc]  # the library's class has no types
        shown: Progress | None = None
        step = 0

        def on_train_begin(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            if state.is_world_process_zero:  # of several processes one reports
                self.step = state.global_step
                self.shown = Progress(label, state.max_steps, "step", self.step)

        def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            if self.shown is not None:
                self.shown.advance(state.global_step - self.step)
                self.step = state.global_step

        def on_train_end(self, *_: Any, **__: Any) -> None:
            if self.shown is not None:
                self.shown.close()

    for own in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(own)
    trainer.add_callback(Steps())
