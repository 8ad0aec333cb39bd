"""Where a run stands: threads, device, seeds, folders, atomic writes."""

from __future__ import annotations

import ctypes
import fcntl
import glob
import hashlib
import math
import os
import random
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch


@contextmanager
def atomic_write(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path` and rename it onto `path` when the block ends without error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent, path.name)
    partial = partial_name(path)
    text: dict[str, Any] = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    try:
        with partial.open(mode, **text) as out:
            fcntl.flock(out, fcntl.LOCK_SH)
            yield out
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Fill a temporary folder beside `path` and rename it onto `path` when the block ends without error.

    Where another process was first, its folder stays. What killed processes left beside it is deleted.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent)
    partial = partial_name(path)
    partial.mkdir()
    lock = os.open(partial, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield partial
        try:
            partial.replace(path)
        except OSError:
            if not path.exists():
                raise
    finally:
        os.close(lock)
        shutil.rmtree(partial, ignore_errors=True)


def partial_name(path: Path) -> Path:
    """The name beside `path` under which this process writes it."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def remove_abandoned(folder: Path, name: str = "*") -> None:
    """Delete what processes that were killed left in a folder under `partial_name` (of one name, or of all).

    A process that still writes is alive or, on another machine, holds a lock; where a file system cannot
    say so, nothing is deleted.
    """
    for partial in folder.glob(f".{name if name == '*' else glob.escape(name)}.*.part"):
        writer = partial.name.split(".")[-2]
        if writer.isdecimal() and not _is_alive(int(writer)) and not _is_locked(partial):
            if partial.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
            else:
                partial.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        pass
    return True


def _is_locked(path: Path) -> bool:
    try:
        lock = os.open(path, os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def cache_dir() -> Path:
    """Folder of row caches: $SUNWI_CACHE_DIR, else .cache/sunwi of the project that holds the current folder.

    It lies outside the stages' outputs, because DVC removes those before each run.
    """
    if configured := os.environ.get("SUNWI_CACHE_DIR"):
        return Path(configured).expanduser()
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "dvc.yaml").exists()), here)
    return root / ".cache" / "sunwi"


def user_cache_dir() -> Path:
    """Folder for converted models, shared by the user's projects."""
    if configured := os.environ.get("SUNWI_MODEL_DIR"):
        return Path(configured).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sunwi"


CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def available_cpus() -> int:
    """CPUs that this process may really use: its affinity, cut by its cgroups' quotas (v1 and v2)."""
    # joblib.cpu_count reads the root's quota alone: in a systemd unit or a nested cgroup it returns all CPUs.
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([affinity, *_cgroup_cpus()]))


def _cgroup_cpus() -> Iterator[int]:
    """The quota of each cgroup from this process's own up to the root, where there is one.

    A container sees its own cgroup as the root; a systemd unit or a nested one lies below it.
    """
    if not OWN_CGROUPS.exists():
        return
    for line in OWN_CGROUPS.read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = CGROUPS / controllers if (CGROUPS / controllers).exists() else CGROUPS / "cpu"
        steps = [step for step in path.split("/") if step and step != ".."]
        for depth in range(len(steps) + 1):
            if (quota := _quota(root.joinpath(*steps[:depth]))) is not None:
                yield quota


def _quota(group: Path) -> int | None:
    if (v2 := group / "cpu.max").exists():
        quota, period = v2.read_text(encoding="ascii").split()
        return None if quota == "max" else math.ceil(int(quota) / int(period))
    if (v1 := group / "cpu.cfs_quota_us").exists():
        quota_us = int(v1.read_text(encoding="ascii"))
        period_us = int(v1.with_name("cpu.cfs_period_us").read_text(encoding="ascii"))
        return None if quota_us <= 0 else math.ceil(quota_us / period_us)
    return None


def device_type() -> Literal["cuda", "cpu"]:
    """What `pick_device` picks; torch, which takes seconds to load, is asked only beside a GPU's driver."""
    if not has_gpu_driver():
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def has_gpu_driver() -> bool:
    """Whether torch could reach a GPU: NVIDIA's library can be loaded, or ROCm's device is there."""
    if Path("/dev/kfd").exists():
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def let_idle_threads_sleep() -> None:
    """Have idle OpenMP threads sleep, not spin, unless the environment decides; call it before torch loads.

    A spinning thread takes a CPU from other jobs and is counted as work of this one.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def usable_threads() -> int:
    """Threads of a model on a CPU: OMP_NUM_THREADS, which torchrun sets for each process, or all CPUs."""
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]  # a list is for nested regions
    return min(available_cpus(), int(asked)) if asked.isdigit() and int(asked) else available_cpus()


def pick_device() -> torch.device:
    """The GPU if there is one, else the CPU with `usable_threads`."""
    import torch  # heavy: only where a model runs

    if torch.cuda.is_available():
        return torch.device("cuda")
    torch.set_num_threads(usable_threads())
    return torch.device("cpu")


def inference_dtype(device: str) -> str:
    """Name of torch's dtype for inference: float32 on a CPU, bfloat16 on a GPU with it, else float16."""
    if device != "cuda":
        return "float32"
    import torch

    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"


@contextmanager
def no_loading_bar() -> Iterator[None]:
    """transformers' bar over weights off: it prints to logs too, and a small model loads in a blink."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch; on a GPU ask torch for deterministic kernels.

    On a CPU the kernels in use repeat themselves to the byte without that mode, which costs half the speed.
    """
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)  # libraries below use the legacy global generator
    torch.manual_seed(seed)
    if torch.cuda.is_available():
        torch.use_deterministic_algorithms(True, warn_only=True)


def text_hash(*parts: str) -> str:
    """Hex sha256 of the parts, with their borders kept."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def hash_share(*parts: str) -> float:
    """A number in [0, 1) by the parts' hash: a share of ids that no added id changes (52 bits: exact)."""
    return int(text_hash(*parts)[:13], 16) / 16**13


def file_hash(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
