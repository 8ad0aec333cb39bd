"""Threads that work on different rows of a batch, each of them with a torch of one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


def map_rows(work: Callable[[T], R], parts: Iterable[T]) -> list[R]:
    """What the work gives for each part, in their order, by as many threads as torch has here.

    What lies between two matrix products is too short to share among cores: with every operator split over
    them they wait for each other at each one, with the rows split only at the end of a batch. And no sum is
    split, so bytes do not depend on how many threads there are. The first error of any part is raised.
    """
    count = torch.get_num_threads()
    if count == 1:
        return [work(part) for part in parts]
    return list(_threads(count).map(work, parts))


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    # All are started here: `set_num_threads` is also the number of each thread that first uses torch later,
    # which is therefore set again.
    together = Barrier(count)
    threads = ThreadPoolExecutor(count, "rows", initializer=_alone)
    for _ in threads.map(lambda _: together.wait(), range(count)):
        pass
    torch.set_num_threads(count)
    return threads


def _alone() -> None:
    torch.get_num_threads()  # the first use takes the process's number over: not after it is set
    torch.set_num_threads(1)
