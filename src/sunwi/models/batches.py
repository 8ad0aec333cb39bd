"""Batches whose rows are padded to a length of their own: no row's result depends on its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

STEP = 16  # tokens; padding to it costs some 3% of the tokens of a Korean passage


def length_batches(
    lengths: Sequence[int], batch_size: int, limit: int, step: int = STEP, most_tokens: int | None = None
) -> Iterator[tuple[list[int], int]]:
    """Yield (rows, padded length), longest first; all rows of a batch share the padded length.

    A row's padded length is its own, rounded up to `step` and cut at `limit`: low bits of a result change
    with the padding, which must not come from a row's neighbours.

    Parameters
    ----------
    most_tokens
        Of a batch, padding included: fewer rows than `batch_size` where they are long.

    Examples
    --------
    >>> list(length_batches([5, 40, 17, 16], batch_size=2, limit=40))
    [([1], 40), ([2], 32), ([0, 3], 16)]
    >>> list(length_batches([15, 16, 9], batch_size=3, limit=40, most_tokens=32))
    [([0, 1], 16), ([2], 16)]
    """
    padded = [min(-(-length // step) * step, max(limit, length)) for length in lengths]
    order = sorted(range(len(lengths)), key=lambda row: (-padded[row], row))
    start = 0
    while start < len(order):
        size = padded[order[start]]
        count = batch_size if most_tokens is None else max(1, min(batch_size, most_tokens // size))
        rows = [row for row in order[start : start + count] if padded[row] == size]
        yield rows, size
        start += len(rows)
