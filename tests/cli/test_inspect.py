"""`sunwi inspect`: a mined row for a person to judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.errors import DataError
from sunwi.records.files import write_rows
from sunwi.records.mined import MinedRow

ROW = MinedRow(
    qid="q1",
    query="산소를 나르는 것은?",
    pos=["적혈구의 헤모글로빈이 산소를 나른다."],
    neg=["식물은 빛을 받아 " + "포도당을 만든다. " * 40],
    pos_ids=["d3"],
    neg_ids=["d1"],
    pos_scores=[4.5],
    neg_scores=[1.25],
    provenance=[
        {"docid": "d1", "bm25_rank": 2, "dense_rank": 7, "source": "both",
         "rule": "top_survivors", "reranker_score": 1.25}
    ],
)  # fmt: skip


@pytest.fixture
def mined(tmp_path: Path) -> Path:
    write_rows(tmp_path / "train.jsonl", [ROW])
    return tmp_path / "train.jsonl"


def test_question_positive_and_negatives_with_all_scores(mined: Path) -> None:
    result = CliRunner().invoke(app, ["inspect", "q1", "--file", str(mined), "--chars", "40"])
    assert result.exit_code == 0, result.output
    for part in (
        "q1: 산소를 나르는 것은?", "+ d3  teacher 4.500", "1. d1  teacher 1.250  margin 3.250",
        "bm25_rank 2", "dense_rank 7", "reranker_score 1.25", "rule top_survivors", "source both",
    ):  # fmt: skip
        assert part in result.output
    assert "..." in result.output
    assert max(len(line) for line in result.output.splitlines()) < 120


def test_as_json(mined: Path) -> None:
    result = CliRunner().invoke(app, ["inspect", "q1", "--file", str(mined), "--json"])
    assert json.loads(result.output) == ROW.model_dump()


def test_an_unknown_question_names_ids_that_are_there(mined: Path) -> None:
    result = CliRunner().invoke(app, ["inspect", "q7", "--file", str(mined)])
    assert isinstance(result.exception, DataError)
    assert "such as q1" in str(result.exception)
