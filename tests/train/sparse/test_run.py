"""One whole run on ten passages: what it writes and what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sunwi.models.sparse.encoder import load_sparse
from sunwi.models.spec import ModelInfo
from sunwi.params.sparse import SparseParams
from sunwi.params.whole import Params
from sunwi.records.mined import MinedRow
from sunwi.records.questions import Question
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.train.sparse.bilingual.dictionary import TermPair
from sunwi.train.sparse.run import compared_systems, run_sparse

from .conftest import KOREAN


def test_a_run_compares_itself_where_it_counts(
    bare: ModelInfo,
    water_corpus: Passages,
    water_rows: list[MinedRow],
    pairs: list[TermPair],
    tmp_path: Path,
    monkeypatch,
) -> None:
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "cache"))
    settings = SparseParams(
        model=str(bare.folder), passage_max_length=12, query_max_length=8, max_steps=2, batch_size=2,
        evaluate_every=1, term_pairs=2, swap_share=0.5, max_overlap=0.9,
    )  # fmt: skip
    labels = [
        LabelledQuestion(f"q{number}", f"{word} ?", (number,), "test", "x", number / 10)
        for number, word in enumerate(KOREAN)
    ]
    requests: list[int] = []
    copying = water_rows[0].model_copy(update={"qid": "copying"})
    asked_of = [
        Question(
            qid=row.qid, docid=row.pos_ids[0], question=row.query, style="x", generator="x", split="train",
            overlap=1.0 if row is copying else 0.5,
        )
        for row in [*water_rows, copying]
    ]  # fmt: skip

    def others(questions: Sequence[LabelledQuestion]) -> dict[str, np.ndarray]:
        requests.append(len(questions))
        first = np.tile(np.arange(len(water_corpus), 0, -1, dtype=np.float32), (len(questions), 1))
        return {"bm25": first, "dense": first}

    run = run_sparse(
        Params(sparse=settings), [*water_rows, copying], asked_of, water_corpus, labels, labels, pairs,
        lambda docid: frozenset({docid}), others, tmp_path / "out",
    )  # fmt: skip
    actual = run.metrics
    assert actual["rows_above_max_overlap"] == 1
    names = {"bm25", "dense", "sparse", "bm25_sparse", "sparse_dense"}
    assert set(actual["systems"]) == names
    assert actual["systems"]["sparse"]["recall100"] == 1.0
    assert (actual["low_overlap"]["questions"], set(actual["low_overlap"]["systems"])) == (7, names)
    # MIN_SYLLABLES: one-syllable terms are not swapped
    swapped = sum(len(word) > 1 for word in KOREAN)
    assert actual["cross_lingual"]["questions"] == swapped
    assert requests == [10, swapped]
    assert actual["cross_lingual"]["systems"]["sparse"].keys() >= {"recall10", "recall100"}
    assert load_sparse(tmp_path / "out").terms


class Given:
    """A retriever with scores of its own; it keeps which queries it saw."""

    def __init__(self, name: str, row: list[float]) -> None:
        self.name, self.row = name, row
        self.seen: list[list[str]] = []

    def scores(self, queries: QueryBatch) -> np.ndarray:
        self.seen.append(queries.qids)
        return np.tile(np.array([self.row], dtype=np.float32), (len(queries), 1))


def test_it_is_compared_with_bm25_dense_and_their_weighted_sum() -> None:
    passages = Passages(["a", "b", "c"], ["가", "나", "다"], ["a", "b", "c"], {"a": 0, "b": 1, "c": 2})
    # z-scores are (-1, 0, 1) and (1, -1, 0), each times the square root of 1.5
    words, dense = Given("bm25", [1.0, 2.0, 3.0]), Given("dense", [9.0, 3.0, 6.0])
    other = Given("questions", [7.0, 7.0, 7.0])
    batches: list[list[str]] = []

    def batch(labels: Sequence[LabelledQuestion]) -> QueryBatch:
        qids = [label.qid for label in labels]
        batches.append(qids)
        return QueryBatch(qids, qids, [[] for _ in qids], np.zeros((len(qids), 1), dtype=np.float16))

    others = compared_systems(SearchPipeline(passages, [words, dense, other]), batch, 0.5)
    assert batches == []  # nothing is encoded until questions come
    labels = [LabelledQuestion(qid, qid, (0,), "test", "x", 0.1) for qid in ("q1", "q2")]
    actual = others(labels)
    once = [["q1", "q2"]]
    assert (batches, words.seen, dense.seen, other.seen) == (once, once, once, [])
    assert actual.keys() == {"bm25", "dense", "hybrid"}
    assert actual["bm25"].tolist() == [[1.0, 2.0, 3.0]] * 2
    assert actual["dense"].tolist() == [[9.0, 3.0, 6.0]] * 2
    half = [1.5**0.5 * value for value in (0.5, -1.0, 0.5)]  # 0.5 * (-1, 0, 1) + (1, -1, 0)
    assert actual["hybrid"] == pytest.approx(np.array([half, half]), abs=1e-5)
