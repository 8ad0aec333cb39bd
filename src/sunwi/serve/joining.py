"""Concurrent requests of one kind are answered together, by one thread that alone uses the models."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sunwi.errors import SunwiError

WAITING = 256  # jobs at most; the next one is refused
TOGETHER = 32  # jobs that are answered in one call at most


class BusyError(SunwiError):
    """More requests wait than the server takes."""


@dataclass(frozen=True, slots=True)
class _Job:
    key: Hashable
    work: Callable[[Sequence[Any]], Sequence[Any]]
    item: Any
    done: Future[Any]


class Joiner:
    """A queue and its thread; while a batch is computed, the next one gathers."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[_Job | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)
        self._thread.start()
        self.batches = 0
        self.joined = 0

    def submit(self, key: Hashable, work: Callable[[Sequence[Any]], Sequence[Any]], item: Any) -> Future[Any]:
        """The future of `work([..., item, ...])`'s entry for the item; jobs of equal keys are joined.

        Raises
        ------
        BusyError
            If too many jobs wait.
        """
        job = _Job(key, work, item, Future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise BusyError(
                f"{WAITING} requests wait already; send this one again in a few seconds"
            ) from None
        return job.done

    def close(self) -> None:
        """End the thread after the jobs that wait."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            waiting = [job]
            while len(waiting) < WAITING:
                try:
                    waiting.append(self._jobs.get_nowait())
                except queue.Empty:
                    break
            jobs = [job for job in waiting if job is not None]
            groups: dict[Hashable, list[_Job]] = {}
            for one in jobs:
                groups.setdefault(one.key, []).append(one)
            for group in groups.values():
                for start in range(0, len(group), TOGETHER):
                    self._answer(group[start : start + TOGETHER])
            if len(jobs) < len(waiting):
                return

    def _answer(self, jobs: Sequence[_Job]) -> None:
        live = [job for job in jobs if job.done.set_running_or_notify_cancel()]
        if not live:
            return
        self.batches += 1
        self.joined += len(live)
        try:
            answers = live[0].work([job.item for job in live])
        except BaseException as error:  # the caller that waits raises it
            for job in live:
                job.done.set_exception(error)
            return
        for job, answer in zip(live, answers, strict=True):
            job.done.set_result(answer)
