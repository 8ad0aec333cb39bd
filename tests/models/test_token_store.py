"""Token vectors on the disk: what is put is got, within the limit, and the models asked for last stay."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from sunwi.errors import DataError
from sunwi.models.token_store import LIMIT, TokenStore, limit_bytes

ROWS = [[5, 7, 9], [5, 7], [300_000]]


def matrices(seed: int, dimensions: int = 8) -> list[np.ndarray]:
    draw = np.random.default_rng(seed)
    return [draw.standard_normal((len(row), dimensions)).astype(np.float16) for row in ROWS]


def test_rows_come_back_by_their_token_ids(own_cache: Path) -> None:
    store, put = TokenStore(8, ["model"]), matrices(1)
    assert store.get(ROWS) == [None] * 3
    store.put(ROWS[:2], put[:2])
    again = TokenStore(8, ["model"]).get([ROWS[1], ROWS[2], ROWS[0]])
    np.testing.assert_array_equal(again[0], put[1])
    np.testing.assert_array_equal(again[2], put[0])
    assert again[1] is None
    assert TokenStore(8, ["other model"]).get(ROWS) == [None] * 3


def test_a_full_store_keeps_no_more(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, put = TokenStore(8, ["model"]), matrices(1)
    store.put(ROWS[:1], put[:1])
    monkeypatch.setenv(LIMIT, "0.000001")
    store.put(ROWS[1:], put[1:])
    found = store.get(ROWS)
    np.testing.assert_array_equal(found[0], put[0])
    assert found[1:] == [None, None]


def test_models_that_were_asked_for_longest_ago_make_room(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["first", "second", "third"]
    stores = {name: TokenStore(8, [name]) for name in names}
    for name in names[:2]:
        stores[name].put(ROWS, matrices(1))
    files = sorted((own_cache / "token_vectors").glob("*.sqlite"))
    for age, path in enumerate(files):
        os.utime(path, (age, age))
    stores["first"].get(ROWS)  # now it is the later one
    size = max(path.stat().st_size for path in files)
    monkeypatch.setenv(LIMIT, str(2.5 * size / 2**30))
    stores["third"].put(ROWS, matrices(3))
    stores["third"].put(ROWS, matrices(3))  # its own file counts now
    assert stores["first"].get(ROWS)[0] is not None
    assert stores["second"].get(ROWS) == [None] * 3
    np.testing.assert_array_equal(stores["third"].get(ROWS)[2], matrices(3)[2])


@pytest.mark.parametrize("value", ["viel", "-1", "nan", "inf"])
def test_a_limit_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(LIMIT, value)
    with pytest.raises(DataError, match=f"{LIMIT}: expected a number of GiB, found '{value}'"):
        limit_bytes()


def test_a_file_that_another_process_deletes_meanwhile_is_no_error(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    TokenStore(8, ["first"]).put(ROWS, matrices(1))
    whole = Path.glob

    def then_gone(folder: Path, pattern: str) -> list[Path]:
        found = list(whole(folder, pattern))
        for path in found:
            path.unlink()
        return found

    monkeypatch.setattr(Path, "glob", then_gone)
    store = TokenStore(8, ["second"])
    store.put(ROWS, matrices(2))
    monkeypatch.undo()
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(own_cache))
    np.testing.assert_array_equal(store.get(ROWS)[0], matrices(2)[0])
