"""A part of a corpus as a corpus of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages


def part_of(
    passages: Passages, positions: Iterable[int], labels: Sequence[LabelledQuestion]
) -> tuple[Passages, list[LabelledQuestion]]:
    """Some passages as a corpus of their own, and the questions with all relevant passages among them."""
    order = sorted(set(positions))
    row_of = {position: row for row, position in enumerate(order)}
    docids = [passages.docids[position] for position in order]
    part = Passages(
        docids,
        [passages.texts[position] for position in order],
        [passages.groups[position] for position in order],
        {docid: row for row, docid in enumerate(docids)},
    )
    inside = [label for label in labels if all(position in row_of for position in label.relevant)]
    return part, [
        replace(label, relevant=tuple(row_of[position] for position in label.relevant)) for label in inside
    ]
