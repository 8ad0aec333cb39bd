"""Where a run stands: threads, device, seeds, folders, atomic writes, progress."""

from __future__ import annotations

import ctypes
import hashlib
import math
import os
import random
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


@contextmanager
def atomic_write(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path` and rename it onto `path` when the block ends without error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    text: dict[str, Any] = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    try:
        with partial.open(mode, **text) as out:
            yield out
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


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
    if not _has_gpu_driver():
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _has_gpu_driver() -> bool:
    """Whether torch could reach a GPU: NVIDIA's library can be loaded, or ROCm's device is there."""
    if Path("/dev/kfd").exists():
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


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


def progress(items: Iterable[T], total: int | None, label: str, unit: str) -> Iterable[T]:
    """`items` with a progress bar on stderr; silent when stderr is no terminal."""
    from tqdm import tqdm

    return tqdm(items, total=total, desc=label, unit=unit, disable=not sys.stderr.isatty())
