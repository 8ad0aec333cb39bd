"""Rows in parts, parts in batches: one stream of batches for the engine, results part by part."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import chain, islice
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from sunwi.compute.executor import Executor
from sunwi.progress import Progress

Part = TypeVar("Part")
Batch = TypeVar("Batch")
Out = TypeVar("Out")
Number = TypeVar("Number", bound=np.generic)


def map_parts(
    engine: Executor,
    work: Callable[[Batch], Out],
    parts: Iterable[Part],
    plan: Callable[[Part], Iterable[tuple[list[int], Batch]]],
    shown: Progress | None = None,
) -> Iterator[list[tuple[list[int], Out]]]:
    """Plan each part's batches, run those of all parts, and give back each part's results in order.

    A part is what the caller keeps at once (in a cache, say), so that a killed run has lost one part.

    Parameters
    ----------
    parts
        Each of at least one row.
    plan
        (rows of the part, their batch) for each batch of a part.
    shown
        Counts the rows of each batch whose results came; it is closed after the last one.

    Yields
    ------
    (rows of the part, their result) for each batch of a part.

    Examples
    --------
    >>> from sunwi.compute.executor import LOCAL
    >>> halves = lambda part: [([0, 2], part[::2]), ([1], part[1:2])]
    >>> list(map_parts(LOCAL, sum, [[1, 2, 3], [4, 5, 6]], halves))
    [[([0, 2], 4), ([1], 2)], [([0, 2], 10), ([1], 5)]]
    """
    planned: deque[list[list[int]]] = deque()

    def batches() -> Iterator[Batch]:
        for part in parts:
            batches_of = list(plan(part))
            planned.append([rows for rows, _ in batches_of])
            yield from (batch for _, batch in batches_of)

    def counted(rows_of: list[list[int]], results: Iterable[Out]) -> Iterator[tuple[list[int], Out]]:
        for rows, result in zip(rows_of, results, strict=True):
            if shown is not None:
                shown.advance(len(rows))
            yield rows, result

    results: Iterator[Out] = engine.map(work, batches())
    with shown or nullcontext():
        for first in results:  # a part is planned before its first result comes
            rows_of = planned.popleft()
            yield list(counted(rows_of, chain([first], islice(results, len(rows_of) - 1))))


def by_row(blocks: Sequence[tuple[list[int], npt.NDArray[Number]]]) -> npt.NDArray[Number]:
    """Results of one part's batches, [batch, ...] each, as one array in the order of the part's rows.

    Examples
    --------
    >>> by_row([([0, 2], np.array([1, 3])), ([1], np.array([2]))]).tolist()
    [1, 2, 3]
    """
    rows = [row for of_batch, _ in blocks for row in of_batch]
    joined: npt.NDArray[Number] = np.concatenate([result for _, result in blocks])[np.argsort(rows)]
    return joined
