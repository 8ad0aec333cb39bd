"""What an engine is: it maps one piece of work over batches and keeps their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


class Executor(Protocol):
    """Runs a piece of work on many batches.

    The caller makes the batches, so that every engine computes the very same ones: the low bits of a matrix
    product may depend on the other rows of its batch.
    """

    def map(self, work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
        """Results in the order of the batches, one by one as they are asked for.

        `work` may be called in other processes: it must be picklable (a bound method of an object that is,
        say), write no cache, and depend on its batch alone.

        Raises
        ------
        SunwiError
            That `work` raised for the first batch, in order, that it cannot serve.
        ComputeError
            If the engine cannot run or lost its workers for good.
        """
        ...


class LocalExecutor:
    """In this process, one batch after the other."""

    def map(self, work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
        """A batch is made when its result is asked for."""
        return map(work, batches)


LOCAL = LocalExecutor()
