from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.errors import DataError
from sunwi.records.mined import MinedRow
from sunwi.train.shared.in_batch import arrange


def row(qid: str, positive: str, negatives: list[str]) -> MinedRow:
    return MinedRow(
        qid=qid, query=qid, pos=[positive], neg=negatives, pos_ids=[positive], neg_ids=negatives,
        pos_scores=[1.0], neg_scores=[0.0] * len(negatives), provenance=[],
    )  # fmt: skip


def alone(docid: str) -> frozenset[str]:
    return frozenset({docid})


@given(
    st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=3)), max_size=24),
    st.integers(1, 4),
    st.integers(0, 3),
)
def test_no_batch_shows_a_question_its_own_answer_as_a_negative(
    drawn: list[tuple[int, list[int]]], size: int, seed: int
) -> None:
    rows = [
        row(f"q{n:02}", f"d{positive}", [f"d{number}" for number in negatives if number != positive])
        for n, (positive, negatives) in enumerate(drawn)
    ]
    try:
        batches = arrange(rows, alone, size, seed)
    except DataError:
        return
    assert len(batches.rows) % size == 0
    assert len(batches.rows) + batches.left_out == len(rows)
    assert len({mined.qid for mined in batches.rows}) == len(batches.rows)
    for start in range(0, len(batches.rows), size):
        batch = batches.rows[start : start + size]
        for mined in batch:
            for other in batch:
                if other is not mined:
                    assert mined.pos_ids[0] not in [*other.pos_ids, *other.neg_ids]


def test_copies_count_as_the_same_answer() -> None:
    rows = [row("a", "d1", ["d9"]), row("b", "copy-of-d1", ["d8"])]

    def answer_group(docid: str) -> frozenset[str]:
        return frozenset({docid.removeprefix("copy-of-")})

    with pytest.raises(DataError, match="no batch of 2 questions"):
        arrange(rows, answer_group, 2, seed=0)
    assert len(arrange(rows, alone, 2, seed=0).rows) == 2


def test_order_depends_on_the_seed_and_not_on_the_input_order() -> None:
    rows = [row(f"q{n:02}", f"d{n}", []) for n in range(20)]
    assert arrange(rows, alone, 4, 1) == arrange(rows[::-1], alone, 4, 1)
    assert arrange(rows, alone, 4, 1) != arrange(rows, alone, 4, 2)
