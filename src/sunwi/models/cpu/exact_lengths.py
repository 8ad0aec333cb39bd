"""Rows of a batch at their own lengths: what is padded is left out, and so is the mask that would hide it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

Inputs = dict[str, torch.Tensor]  # input_ids and what stands beside them, each [rows, tokens]


def length_groups(
    inputs: Inputs, lengths: Sequence[int], rows: Sequence[int]
) -> Iterator[tuple[Any, Inputs]]:
    """Yield rows of one length, [rows of the group], and their inputs without padding, longest first.

    Parameters
    ----------
    inputs
        Of the whole batch, padded on the right.
    rows
        Those of the batch that are wanted.
    """
    for size in sorted({lengths[row] for row in rows}, reverse=True):
        group = torch.tensor([row for row in rows if lengths[row] == size])
        yield group, {name: values[group, :size] for name, values in inputs.items()}


def token_shares(lengths: Sequence[int], most_tokens: int, shares: int) -> list[list[int]]:
    """Rows in shares of nearly as many tokens, longest rows first; a share has one row at least.

    Parameters
    ----------
    most_tokens
        Of a share, unless its first row alone is longer.
    shares
        How many there are at least, where there are as many rows.

    Examples
    --------
    >>> token_shares([3, 9, 3, 5], most_tokens=12, shares=2)
    [[1], [3, 0], [2]]
    """
    limit = min(most_tokens, -(-sum(lengths) // shares))
    found: list[list[int]] = []
    room = 0
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        if lengths[row] > room:
            found.append([])
            room = limit
        found[-1].append(row)
        room -= lengths[row]
    return found


def row_by_row(inputs: Inputs, mask: torch.Tensor, compute: Callable[..., Any]) -> list[Any]:
    """What `compute` gives for each row alone, [1, its own tokens], without a mask.

    So a row depends on no other, whatever a model's operators do with the number of rows.
    """
    lengths: list[int] = mask.sum(dim=1).tolist()
    return [
        compute(**{name: values[row : row + 1, :size] for name, values in inputs.items()})
        for row, size in enumerate(lengths)
    ]
