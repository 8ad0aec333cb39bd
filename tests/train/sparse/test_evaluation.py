"""Rankings beside other systems, by hand: measures, fusions, the low-overlap part."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages
from sunwi.train.sparse.evaluation import compare_low_overlap, compare_systems, measure, with_fusions

CORPUS = Passages.of([Document(docid=f"d{number:03}", content=f"글 {number}") for number in range(120)])


def question(qid: str, relevant: int, overlap: float = 0.9) -> LabelledQuestion:
    return LabelledQuestion(qid, qid, (relevant,), "test", "x", overlap)


@pytest.mark.parametrize(("rank", "ten", "hundred"), [(1, 1, 1), (4, 1, 1), (11, 0, 1), (101, 0, 0)])
def test_measures_of_one_relevant_passage(rank: int, ten: int, hundred: int) -> None:
    scores = np.arange(120, 0, -1, dtype=np.float32)[None]  # passage n has rank n + 1
    actual = measure(scores, [question("q", rank - 1)], CORPUS)
    assert actual["recall10"].tolist() == [ten]
    assert actual["recall100"].tolist() == [hundred]
    assert actual["ndcg10"][0] == pytest.approx(1 / math.log2(1 + rank) if ten else 0.0)
    assert actual["mrr"][0] == pytest.approx(1 / rank if ten else 0.0)


def test_what_scores_as_little_as_the_last_is_not_found() -> None:
    scores = np.zeros((1, 120), dtype=np.float32)
    scores[0, 7] = 1.0
    assert measure(scores, [question("q", 3)], CORPUS)["recall100"].tolist() == [0.0]
    assert measure(scores, [question("q", 7)], CORPUS)["recall100"].tolist() == [1.0]


def test_sparse_is_fused_with_bm25_and_with_dense_search() -> None:
    one, other = np.array([[2.0, 0.0, -2.0]]), np.array([[0.0, 3.0, -3.0]])
    systems = {"bm25": one, "dense": one, "sparse": other}
    actual = with_fusions({name: scores.astype(np.float32) for name, scores in systems.items()}, 0.5)
    assert list(actual) == ["bm25", "dense", "sparse", "bm25_sparse", "sparse_dense"]
    unit = math.sqrt(1.5)  # z-score of the outer ones
    np.testing.assert_allclose(actual["bm25_sparse"], [[unit, unit, -2 * unit]], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(actual["sparse_dense"], [[unit, unit / 2, -1.5 * unit]], rtol=1e-5, atol=1e-6)
    assert list(with_fusions({"sparse": one.astype(np.float32)}, 0.5)) == ["sparse"]


def test_the_low_overlap_part_is_compared_alone() -> None:
    labels = [question("a", 0, 0.2), question("b", 1, 0.9), question("c", 2, 0.65)]
    better = np.zeros((3, 120), dtype=np.float32)
    worse = np.zeros((3, 120), dtype=np.float32)
    for row, label in enumerate(labels):
        better[row, label.relevant[0]] = 2.0
        worse[row, [50, label.relevant[0]]] = [2.0, 1.0]  # the right one is second
    systems = {"bm25": worse, "sparse": better}
    whole = compare_systems(systems, labels, CORPUS, "bm25", Params())
    assert whole["sparse"]["ndcg10"] == 1.0
    assert whole["sparse"]["ndcg10_over_bm25"]["gain"] == pytest.approx(1 - 1 / math.log2(3), abs=1e-6)
    part = compare_low_overlap(systems, labels, CORPUS, "bm25", Params())
    assert (part["at_most"], part["questions"]) == (0.65, 2)
    assert part["systems"]["bm25"]["mrr"] == 0.5
    none = compare_low_overlap(systems, [question(q, 0) for q in "abc"], CORPUS, "bm25", Params())
    assert none == {"at_most": 0.65, "questions": 0}
