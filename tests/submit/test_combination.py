"""A combination of a small project's variants, from the rankings that they wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.small_project import write_project

from sunwi.errors import DataError
from sunwi.paths import INDEX, RANKINGS
from sunwi.records.corpus import Document
from sunwi.records.files import write_json, write_rows
from sunwi.records.ranking import RankingRow
from sunwi.submit.combination import build_combination
from sunwi.workspace.base import Workspace

COMBINATIONS = """
combinations:
  swapped: {swap: {from: one, to: two, margin: 0.2, limit: 1}, k: 2}
  joined: {union: {of: [one, two], depth: 2, rerank: none}, k: 2}
  nested: {union: {of: [swapped, two], depth: 1, rerank: none}, k: 1}
"""
# gaps of two's choice behind one's first place, as shares of the spread: 0.1 for test query 1 and for dev
# query 2, half the spread elsewhere
CLOSE, FAR = [10.0, 9.0, 0.0], [10.0, 5.0, 0.0]
ONE = {1: (["d1", "d3", "d2"], CLOSE), 2: (["d7", "d4", "d2"], FAR), 3: (["d5", "d1", "d2"], FAR)}
TWO = {1: ["d3", "d1", "d2"], 2: ["d4", "d7", "d2"], 3: ["d5", "d1", "d2"]}
ONE_DEV = {1: (["d2", "d1", "d3"], FAR), 2: (["d5", "d7", "d1"], CLOSE), 3: (["d5", "d1", "d2"], FAR)}
TWO_DEV = {1: ["d1", "d2", "d3"], 2: ["d7", "d5", "d1"], 3: ["d5", "d1", "d2"]}
CHUNKS = {"d4": "d4#1"}


@pytest.fixture
def ranked(tmp_path: Path, tiny_corpus: list[Document]) -> Path:
    project = write_project(tmp_path / "project", tiny_corpus, COMBINATIONS)
    plain = {"two": TWO, "two.dev": TWO_DEV}
    scored = {"one": ONE, "one.dev": ONE_DEV}
    scored |= {name: {qid: (ids, CLOSE) for qid, ids in of.items()} for name, of in plain.items()}
    for name, of_queries in scored.items():
        rows = [
            RankingRow(eval_id=qid, docids=ids, passages=[CHUNKS.get(one, one) for one in ids], scores=scores)
            for qid, (ids, scores) in of_queries.items()
        ]
        write_rows(project / RANKINGS / f"{name}.jsonl", rows)
    for name in ("blend", "blend_base", "blend_promoted"):
        write_json(project / INDEX / f"{name}.json", {"calibration": {}})
    return project


def test_a_swap_reads_both_for_test_and_for_dev(ranked: Path) -> None:
    submission, dev = build_combination(Workspace(ranked), "swapped")
    assert [row.topk for row in submission.rows] == [["d3", "d1"], ["d7", "d4"], []]
    assert [row.topk for row in dev.rows] == [["d2", "d1"], ["d7", "d5"], []]
    assert submission.metrics["reads"] == ["one", "two"]
    assert submission.metrics["swap"]["swapped"] == 1
    # dev: d2 and d7 are first, chit-chat is empty
    assert (submission.metrics["dev_map"], submission.metrics["dev_queries"]) == (1.0, 3)
    assert "dev_map" not in dev.metrics


def test_dev_tells_the_combination_and_not_its_parts(ranked: Path) -> None:
    submission, dev = build_combination(Workspace(ranked), "joined")
    # by reciprocal ranks every pair is even, and ties go by docid
    assert [row.topk for row in submission.rows] == [["d1", "d3"], ["d4", "d7"], []]
    assert [row.topk for row in dev.rows] == [["d1", "d2"], ["d5", "d7"], []]
    assert submission.metrics["union"] == {"rerank_weights": {}}
    assert submission.metrics["dev_map"] == pytest.approx((0.5 + 0.5 + 1) / 3, abs=1e-6)


def test_a_combination_that_is_read_is_made_first(ranked: Path) -> None:
    submission, _ = build_combination(Workspace(ranked), "nested")
    assert [row.topk for row in submission.rows] == [["d3"], ["d4"], []]  # query 2: even, d4 before d7
    assert not list(ranked.glob(f"{RANKINGS}/swapped*"))  # in memory


def test_rankings_of_another_corpus_are_refused(ranked: Path) -> None:
    path = ranked / RANKINGS / "two.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("d5", "d99"), encoding="utf-8")
    with pytest.raises(DataError, match=r"'two'.*d99.*dvc repro"):
        build_combination(Workspace(ranked), "swapped")
