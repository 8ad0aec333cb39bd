"""Batches of one padded length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sunwi.models.batches import length_batches


@given(
    lengths=st.lists(st.integers(1, 100), max_size=60),
    batch_size=st.integers(1, 9),
    limit=st.integers(100, 130),
)
def test_every_row_once_in_a_batch_that_fits_it_alone(
    lengths: list[int], batch_size: int, limit: int
) -> None:
    batches = list(length_batches(lengths, batch_size, limit, step=16))
    assert sorted(row for rows, _ in batches for row in rows) == list(range(len(lengths)))
    for rows, size in batches:
        assert 1 <= len(rows) <= batch_size
        for row in rows:
            assert lengths[row] <= size <= limit
            assert size - lengths[row] < 16
            ((_, alone),) = length_batches([lengths[row]], batch_size, limit, step=16)
            assert alone == size
