"""Hashes of large files: cached while the file is the same, and never beyond."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from sunwi.cache import RowCache
from sunwi.models import kept_hash as module
from sunwi.models.kept_hash import LARGE, SETTLED, kept_hash
from sunwi.runtime import file_hash

CONTENT = b"weights" * LARGE


@pytest.fixture
def model(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A large file that was written long ago by the clock of the cache."""
    own_cache.mkdir()
    path = tmp_path / "model.safetensors"
    path.write_bytes(CONTENT[:LARGE])
    later = time.time_ns() + 2 * SETTLED
    monkeypatch.setattr(module.time, "time_ns", lambda: later)
    module._hash_once.cache_clear()  # what this process holds
    return path


def test_a_second_process_reads_the_hash(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = file_hash(model)
    assert kept_hash(model) == expected
    module._hash_once.cache_clear()
    monkeypatch.setattr(module, "file_hash", _refused)
    assert kept_hash(model) == expected


def test_other_content_of_the_same_size_and_time_is_hashed_again(model: Path) -> None:
    before, stat = kept_hash(model), model.stat()
    time.sleep(0.02)  # a file system's clock is coarse
    model.write_bytes(CONTENT[1 : LARGE + 1])
    os.utime(model, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as `rsync --times` and `cp --preserve` do
    assert (model.stat().st_size, model.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert kept_hash(model) == file_hash(model) != before


def test_a_file_that_was_changed_just_now_is_not_cached(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = model.stat().st_ctime_ns + 1
    monkeypatch.setattr(module.time, "time_ns", lambda: now)
    assert kept_hash(model) == file_hash(model)
    with RowCache("file_hashes") as cache:
        assert len(cache) == 0


def test_small_files_and_folders_without_a_cache_leave_none(
    model: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = model.with_name("config.json")
    small.write_bytes(b"{}")
    assert kept_hash(small) == file_hash(small)
    assert not list(own_cache.iterdir())
    nowhere = own_cache.with_name("nowhere")
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(nowhere))
    assert kept_hash(model) == file_hash(model)
    assert not nowhere.exists()


def _refused(_: Path) -> str:
    raise RuntimeError("hashed again")
