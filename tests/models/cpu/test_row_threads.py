"""Threads of rows: order, errors, and that torch's number of threads is nobody else's business."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from sunwi.models.cpu.row_threads import map_rows


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_stand_in_the_order_of_the_parts() -> None:
    assert map_rows(lambda part: part * part, range(50)) == [part * part for part in range(50)]


def test_each_thread_has_one_of_torch_and_the_caller_keeps_its_own() -> None:
    def seen(_: int) -> int:
        torch.ones(100_000).sum()  # uses torch's threads before it asks for their number
        return torch.get_num_threads()

    assert set(map_rows(seen, range(8))) == {1}
    assert torch.get_num_threads() == 2


def test_an_error_of_any_part_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        map_rows(lambda part: 1 // part, [2, 0, 1])


def test_one_thread_does_all_itself() -> None:
    torch.set_num_threads(1)
    assert map_rows(str, [1, 2]) == ["1", "2"]
