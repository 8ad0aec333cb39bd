"""nDCG and reciprocal rank against ir_measures, and where nothing is relevant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.score.measuring import ranking_measures
from sunwi.search.labelled import first_relevant_rank
from sunwi.search.ranking_quality import first_ranks, ndcg, ndcg_of_scores, reciprocal_rank

ROW = st.lists(st.floats(0, 1, width=16), min_size=14, max_size=14)
RELEVANT = st.sets(st.integers(0, 13), min_size=1)


@given(st.lists(st.tuples(ROW, RELEVANT), min_size=1, max_size=4))
def test_measures_are_those_of_ir_measures(questions: list[tuple[list[float], set[int]]]) -> None:
    scores = np.array([row for row, _ in questions], dtype=np.float32)
    relevant = [tuple(sorted(positions)) for _, positions in questions]
    names = [f"d{position:02}" for position in range(14)]
    qrels = {f"q{n}": {names[at]: 1 for at in positions} for n, positions in enumerate(relevant)}
    run = {f"q{n}": dict(zip(names, row, strict=True)) for n, (row, _) in enumerate(questions)}
    expected = ranking_measures(qrels, run, list(qrels))
    mrr = reciprocal_rank(first_relevant_rank(scores, relevant))
    assert ndcg_of_scores(scores, relevant) == pytest.approx([expected["ndcg10"][qid] for qid in qrels])
    assert mrr == pytest.approx([expected["mrr"][qid] for qid in qrels])


def test_short_and_empty_rankings() -> None:
    hits = np.array([[False, True], [False, False]])
    assert ndcg(hits, np.array([3, 0])) == pytest.approx(
        [(1 / np.log2(3)) / (1 + 1 / np.log2(3) + 1 / 2), 0.0]
    )
    assert first_ranks(np.zeros((2, 0), bool)).tolist() == [np.inf, np.inf]
    assert ndcg(np.zeros((0, 0), bool), np.zeros(0, int)).shape == (0,)
