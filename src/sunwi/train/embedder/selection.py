"""Which mined rows train: by overlap with their passage, and mixed by question style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sunwi.errors import DataError
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.records.mined import MinedRow
from sunwi.runtime import text_hash


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows that train, and how many were left out by which rule."""

    rows: list[MinedRow]
    above_overlap: int
    by_style: int


def select_rows(
    rows: Sequence[MinedRow],
    overlaps: Mapping[str, float],
    styles: Mapping[str, str],
    params: TrainEmbedderParams,
) -> Selection:
    """Rows whose question copies at most `max_overlap` of its passage, styles mixed by `style_shares`.

    Questions that copy their passage teach copying, and an encoder serves the wordings that it was trained
    on (Promptagator, Dai et al. 2022).
    """
    low = [row for row in rows if overlaps[row.qid] <= params.max_overlap]
    mixed = mix_styles(low, styles, params.style_shares) if params.style_shares else low
    return Selection(mixed, len(rows) - len(low), len(low) - len(mixed))


def mix_styles(
    rows: Sequence[MinedRow], styles: Mapping[str, str], shares: Mapping[str, float]
) -> list[MinedRow]:
    """The largest set of rows in which each style has its share, without repeats; other styles are left out.

    Within a style rows are taken by the hash of their id, evenly over the corpus.

    Raises
    ------
    DataError
        If a style that has a share has no row.
    """
    wanted = {style: share for style, share in sorted(shares.items()) if share > 0}
    by_style: dict[str, list[MinedRow]] = {style: [] for style in wanted}
    for row in sorted(rows, key=lambda row: text_hash(row.qid)):
        if styles[row.qid] in by_style:
            by_style[styles[row.qid]].append(row)
    if empty := [style for style, of_one_style in by_style.items() if not of_one_style]:
        known = ", ".join(sorted({styles[row.qid] for row in rows}))
        what = f"train_embedder.style_shares names {', '.join(empty)}, which no row has (they have {known})"
        raise DataError(
            what, "name styles that the questions have, or set a larger train_embedder.max_overlap"
        )
    scale = min(len(by_style[style]) / share for style, share in wanted.items())
    chosen = [row for style, share in wanted.items() for row in by_style[style][: round(scale * share)]]
    return sorted(chosen, key=lambda row: row.qid)
