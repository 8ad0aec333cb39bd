"""Batches on their way to a cluster's workers: some tasks at a time, each held until its results came."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Any


class Feed:
    """The driver's end: it makes a task when there is room for it, and lets go of it when it is done.

    The batches of a whole corpus are never there at once, neither in this process nor in the object store.
    """

    def __init__(self, tasks: Iterator[bytes], window: int) -> None:
        """Tasks, each some batches in the form in which Ray sends them, and how many may wait or run."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._tasks = tasks
        self._window = window
        self._open: dict[int, Any] = {}  # task -> its object, which this process owns
        self._made = self._done = 0
        self._ended = False
        # On this process's node: it is lost with the driver, and with nothing else.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self.shelf = ray.remote(num_cpus=0, scheduling_strategy=here)(_Shelf).remote()

    def fill(self) -> bool:
        """Make tasks until the window is full; false if none is left to wait for."""
        import ray

        while not self._ended and len(self._open) < self._window:
            task = next(self._tasks, None)
            if task is None:
                self.shelf.end.remote(self._made)
                self._ended = True
                break
            self._open[self._made] = ray.put(task)
            self.shelf.put.remote(self._made, [self._open[self._made]])  # in a list: the reference travels
            self._made += 1
        return bool(self._open)

    def done(self) -> None:
        """The results of the oldest task came."""
        self.shelf.drop.remote(self._done)
        del self._open[self._done]
        self._done += 1

    def close(self) -> None:
        """Let go of all."""
        import ray

        self._open.clear()
        ray.kill(self.shelf)


def source(shelf: Any) -> Any:
    """A source of Ray Data that reads the tasks of a feed in their order, a block of one row each."""
    from ray.data import Datasource
    from ray.data.block import BlockMetadata
    from ray.data.datasource import ReadTask

    class FeedSource(Datasource):  # type: ignore[misc]  # Ray has no types here
        def estimate_inmemory_data_size(self) -> int | None:
            return None  # unknown before the last task is made

        def get_read_tasks(self, *_: Any, **__: Any) -> list[Any]:
            unknown = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            return [ReadTask(lambda: _blocks(shelf), unknown)]

    return FeedSource()


def _blocks(shelf: Any) -> Iterator[Any]:
    """One table a task; it waits for those that are not made yet."""
    import pyarrow as pa
    import ray
    from ray.exceptions import RayActorError

    for number in count():
        try:
            held = ray.get(shelf.take.remote(number))
        except RayActorError:  # the driver wants no more; where it does, it sees that blocks are missing
            return
        if held is None:
            return
        # A reader that was lost starts from the beginning, but no block of a finished task is read again.
        task = ray.get(held[0]) if held else b""
        yield pa.table({"task": pa.array([task], type=pa.large_binary())})


class _Shelf:
    """An actor without a core: where the reader, in a process of its own, finds what the driver made."""

    def __init__(self) -> None:
        self._held: dict[int, list[Any]] = {}
        self._dropped = 0
        self._end: int | None = None
        self._changed = asyncio.Condition()

    async def put(self, number: int, held: list[Any]) -> None:
        async with self._changed:
            self._held[number] = held
            self._changed.notify_all()

    async def end(self, made: int) -> None:
        async with self._changed:
            self._end = made
            self._changed.notify_all()

    async def drop(self, number: int) -> None:
        async with self._changed:
            self._held.pop(number, None)
            self._dropped = max(self._dropped, number + 1)

    async def take(self, number: int) -> list[Any] | None:
        """The task in a list; an empty list if it is done; None after the last."""
        async with self._changed:
            await self._changed.wait_for(
                lambda: (
                    number < self._dropped
                    or number in self._held
                    or (self._end is not None and number >= self._end)
                )
            )
            if number < self._dropped:
                return []
            return self._held.get(number)
