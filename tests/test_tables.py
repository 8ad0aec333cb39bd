"""CSV tables: what a spreadsheet would run as a formula, and reading back."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sunwi.records.tables import read_csv, write_csv
from sunwi.score.per_query import read_per_query

TEXTS = [
    "=1+2",
    "+82-2-123",
    "-5",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "'=1",
    "''-",
    "'quoted'",
    "물, 얼음",
    "",
    "a=b",
    "two\nlines",
]


def test_no_text_begins_as_a_formula_and_all_are_read_back(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", ["text", "value"], [{"text": text, "value": -1.5} for text in TEXTS])
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as lines:
        cells = [row["text"] for row in csv.DictReader(lines)]
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]
    assert [row["text"] for row in read_csv(tmp_path / "t.csv")] == TEXTS
    assert {row["value"] for row in read_csv(tmp_path / "t.csv")} == {"-1.5"}  # a number is no formula


@pytest.mark.parametrize("qid", ["=cmd|' /C calc'!A0", "-7", "7"])
def test_a_query_id_comes_back_as_it_is(tmp_path: Path, qid: str) -> None:
    columns = ["query_id", "relevant_documents", "a.average_precision", "a.first_relevant_rank"]
    write_csv(tmp_path / "t.csv", columns, [dict(zip(columns, (qid, 1, 0.5, 2), strict=True))])
    found = read_per_query((tmp_path / "t.csv").read_text("utf-8"), "t.csv")
    assert found.values("a", "mrr") == {qid: 0.5}
