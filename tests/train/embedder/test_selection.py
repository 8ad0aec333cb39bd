from __future__ import annotations

import pytest
from tests.train.conftest import mined_rows

from sunwi.errors import DataError
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.selection import mix_styles, select_rows

ROWS = mined_rows(10)
STYLES = {row.qid: "factual" if number < 6 else "keyword" for number, row in enumerate(ROWS)}


def count(style: str, shares: dict[str, float]) -> int:
    return sum(STYLES[row.qid] == style for row in mix_styles(ROWS, STYLES, shares))


def test_shares_are_met_without_repeating_a_row() -> None:
    assert (
        count("factual", {"factual": 0.5, "keyword": 0.5}),
        count("keyword", {"factual": 1, "keyword": 1}),
    ) == (4, 4)
    assert (
        count("factual", {"factual": 3, "keyword": 1}),
        count("keyword", {"factual": 3, "keyword": 1}),
    ) == (6, 2)
    assert count("keyword", {"factual": 1, "keyword": 0}) == 0


def test_a_style_without_rows_is_named() -> None:
    with pytest.raises(DataError, match=r"colloquial.*factual, keyword"):
        mix_styles(ROWS, STYLES, {"colloquial": 1})


def test_what_is_left_out_is_counted() -> None:
    overlaps = {row.qid: number / 10 for number, row in enumerate(ROWS)}
    params = TrainEmbedderParams(max_overlap=0.75, style_shares={"factual": 0.5, "keyword": 0.5})
    chosen = select_rows(ROWS, overlaps, STYLES, params)
    assert (len(chosen.rows), chosen.above_overlap, chosen.by_style) == (4, 2, 4)
    plain = select_rows(ROWS, overlaps, STYLES, TrainEmbedderParams(max_overlap=0.75))
    assert (len(plain.rows), plain.by_style) == (8, 0)
