"""Atomic writes, folders, hashes."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sunwi.errors import InputProblems, Problem
from sunwi.runtime import (
    atomic_folder,
    atomic_write,
    available_cpus,
    cache_dir,
    device_type,
    file_hash,
    hash_share,
    pick_device,
    remove_abandoned,
    seed_everything,
    text_hash,
    usable_threads,
)


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")

    def fail_half_way() -> None:
        with atomic_write(path) as out:
            out.write("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


HANG = """
import sys, time
from pathlib import Path
from sunwi.runtime import atomic_folder, atomic_write
with atomic_folder(Path(sys.argv[1]) / "model") as folder, atomic_write(Path(sys.argv[1]) / "file") as out:
    (folder / "weights").write_bytes(b"0" * 1000)
    print("written", flush=True)
    time.sleep(60)
"""


def killed_writer(folder: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HANG, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    # while it writes nothing of it is deleted
    remove_abandoned(folder)
    assert len(list(folder.iterdir())) == 2
    process.kill()
    process.communicate()


def test_what_killed_processes_left_is_deleted_by_the_next_one(tmp_path: Path) -> None:
    killed_writer(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    (tmp_path / ".hidden.part").touch()  # a person's
    with atomic_folder(tmp_path / "another model") as folder:
        (folder / "weights").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden.part", "another model"]


def test_a_file_is_cleaned_by_the_next_write_of_its_name(tmp_path: Path) -> None:
    killed_writer(tmp_path)
    with atomic_write(tmp_path / "other") as out:
        out.write("x")
    assert len(list(tmp_path.glob(".file.*.part"))) == 1  # of another name: it may be of another program
    with atomic_write(tmp_path / "file") as out:
        out.write("x")
    assert not list(tmp_path.glob(".file.*.part"))


def test_a_lock_counts_where_the_process_is_of_another_machine(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    partial = tmp_path / f".model.{dead.pid}.part"
    partial.mkdir()
    lock = os.open(partial, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    remove_abandoned(tmp_path)
    assert partial.exists()
    os.close(lock)
    remove_abandoned(tmp_path)
    assert not partial.exists()


def test_a_folder_that_fails_or_comes_second_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_folder(tmp_path / "model"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with atomic_folder(tmp_path / "model") as second:
        (second / "name").write_text("second")
        with atomic_folder(tmp_path / "model-1") as first:
            (first / "name").write_text("first")
        (tmp_path / "model-1").rename(tmp_path / "model")
    assert (tmp_path / "model" / "name").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_lines_end_alike_on_every_system(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "out.txt") as out:
        out.write("가\n나\n")
    assert (tmp_path / "out.txt").read_bytes() == "가\n나\n".encode()


def test_the_cache_stands_beside_dvc_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.delenv("SUNWI_CACHE_DIR")
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert cache_dir() == tmp_path / ".cache" / "sunwi"


def test_hashes_keep_the_borders_of_parts(tmp_path: Path) -> None:
    assert text_hash("ab", "c") != text_hash("a", "bc") != text_hash("abc")
    (tmp_path / "f").write_bytes(b"abc")
    assert file_hash(tmp_path / "f") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def eight_cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An affinity of eight CPUs and a cgroup tree of its own."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr("sunwi.runtime.CGROUPS", tmp_path)
    monkeypatch.setattr("sunwi.runtime.OWN_CGROUPS", tmp_path / "own")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("quotas", "cpus"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000"}, 8),
        ({"cpu.max": "200000 100000"}, 2),  # a container sees its cgroup as the root
        ({"a.slice/cpu.max": "150000 100000"}, 2),  # one and a half: two threads
        ({"a.slice/cpu.max": "600000 100000", "a.slice/b/cpu.max": "max 100000"}, 6),  # the parent's holds
        ({"a.slice/cpu.max": "600000 100000", "a.slice/b/cpu.max": "50000 100000"}, 1),
        ({"a.slice/cpu.max": "6400000 100000"}, 8),  # more than there are
    ],
)
def test_threads_follow_the_quota_of_cgroup_2(eight_cpus: Path, quotas: dict[str, str], cpus: int) -> None:
    write(eight_cpus / "own", "0::/a.slice/b\n")
    for name, text in quotas.items():
        write(eight_cpus / name, text)
    assert available_cpus() == cpus


@pytest.mark.parametrize(("quota", "cpus"), [("-1", 8), ("300000", 3)])
def test_threads_follow_the_quota_of_cgroup_1(eight_cpus: Path, quota: str, cpus: int) -> None:
    write(eight_cpus / "own", "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n0::/\n")
    write(eight_cpus / "cpu,cpuacct" / "cpu.cfs_quota_us", quota)
    write(eight_cpus / "cpu,cpuacct" / "cpu.cfs_period_us", "100000")
    assert available_cpus() == cpus


def test_threads_without_cgroups_follow_the_affinity(eight_cpus: Path) -> None:
    assert available_cpus() == 8


@pytest.mark.parametrize(
    ("asked", "threads"), [("2", 2), ("3,1", 3), ("64", 8), ("0", 8), ("many", 8), ("", 8)]
)
def test_threads_asked_for_are_kept_to(
    eight_cpus: Path, monkeypatch: pytest.MonkeyPatch, asked: str, threads: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert usable_threads() == threads


def test_cpus_and_seeds() -> None:
    import numpy as np
    import torch

    assert available_cpus() >= 1
    deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        seed_everything(7)
        first = (np.random.rand(), torch.rand(1).item())
        seed_everything(7)
        assert (np.random.rand(), torch.rand(1).item()) == first
    finally:
        torch.use_deterministic_algorithms(deterministic)


def test_a_long_list_of_problems_is_cut_and_counted() -> None:
    error = InputProblems([Problem("f", line, "bad") for line in range(1, 251)], "mend f")
    assert str(error).startswith("250 problems in the input")
    assert "f:200: bad" in str(error)
    assert "f:201: bad" not in str(error)
    assert "and 50 more" in str(error)
    assert str(error).endswith("Next: mend f")


def test_the_device_is_known_without_loading_torch() -> None:
    assert device_type() == pick_device().type
    program = (
        "import sys; from sunwi.runtime import device_type; print(device_type(), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    # beside a driver torch is asked; the two answers agree
    assert done.stdout.split() in ([device_type(), "True"], ["cpu", "False"])


def test_a_hash_share_is_the_hashs_first_52_bits() -> None:
    """Written down from an earlier release: the split of a corpus follows from it."""
    assert hash_share("doc-1") == int(text_hash("doc-1")[:13], 16) / 2**52
    assert round(hash_share("doc-1"), 9) == 0.812443819
    assert round(hash_share("tune", "doc-1"), 9) == 0.370732306
    assert hash_share("ab", "c") != hash_share("a", "bc")
