"""The machine: Python, CPUs, memory, disk, torch and its GPU."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path

from sunwi.cli.checks import Finding, size
from sunwi.runtime import available_cpus

TOPIC = "machine"
OLDEST_PYTHON = (3, 11)
TRAINING_MEMORY = 6 * 2**30  # the default embedder training was seen to take 5.2 GB
PIPELINE_DISK = 5 * 2**30  # models and their copies in DVC's cache


def check_machine() -> list[Finding]:
    """Findings about the machine; torch is imported for them."""
    return [_python(), *_bytecode(), _platform(), _cpus(), _memory(), _disk(), *_torch()]


def _python() -> Finding:
    fit = sys.version_info >= OLDEST_PYTHON
    fix = None if fit else "install Python 3.11 and make the environment anew: python3.11 -m venv .venv"
    return Finding(TOPIC, "Python", "ok" if fit else "missing", platform.python_version(), fix)


def _bytecode() -> list[Finding]:
    """Images often forbid it: torch's sources are then compiled by each stage's process."""
    spec = importlib.util.find_spec("torch")
    if not sys.dont_write_bytecode or spec is None or (spec.cached and Path(spec.cached).exists()):
        return []
    found = "PYTHONDONTWRITEBYTECODE is set and torch has none: each process compiles it again, for seconds"
    fix = "unset PYTHONDONTWRITEBYTECODE, or use the make targets"
    return [Finding(TOPIC, "bytecode", "note", found, fix)]


def _platform() -> Finding:
    return Finding(TOPIC, "platform", "ok", f"{platform.system()} {platform.release()} {platform.machine()}")


def _cpus() -> Finding:
    usable, seen = available_cpus(), os.cpu_count() or 1
    return Finding(TOPIC, "CPUs", "ok", f"{usable} usable of {seen} seen")


def _memory() -> Finding:
    total = usable_memory()
    if total is None:
        return Finding(TOPIC, "memory", "note", "not known on this system")
    if total < TRAINING_MEMORY:
        fix = "dvc exp run -S train_embedder.enabled=false -S train_reranker.enabled=false"
        return Finding(TOPIC, "memory", "note", f"{size(total)}; training wants {size(TRAINING_MEMORY)}", fix)
    return Finding(TOPIC, "memory", "ok", size(total))


def usable_memory() -> int | None:
    """Bytes that this process may use: the machine's, cut by the cgroup's limit (v1 and v2)."""
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        path = Path(name)
        if path.exists() and (text := path.read_text(encoding="ascii").strip()).isdecimal():
            limits.append(int(text))
    return min(limits)


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    if free < PIPELINE_DISK:
        found = f"{size(free)} free here; the pipeline's models take up to {size(PIPELINE_DISK)}"
        return Finding(TOPIC, "disk", "note", found, "dvc gc --workspace")
    return Finding(TOPIC, "disk", "ok", f"{size(free)} free here")


def _cpu_kernels() -> Finding:
    """What `encoder.precision` may be here."""
    from sunwi.models.auto_precision import candidates
    from sunwi.models.cpu.support import X86, cpu_support

    support = cpu_support()
    usable = ["float32", *(name for name in ("bfloat16", "int8") if support.refusal(name) is None)]
    order = ", then ".join([*candidates(support), "float32"])
    may_be = f"encoder.precision may be {', '.join(usable)}"
    found = f"{support.named}; {may_be}; auto tries {order} for search vectors"
    if not support.packed_float32:
        found += "; this build of torch lacks oneDNN: rows are encoded one by one"
        return Finding(TOPIC, "CPU kernels", "note", found)
    if "bfloat16" in usable and platform.machine().lower() in X86 and "amx_bf16" not in support.instructions:
        found += " (without AMX bfloat16 is slower than float32)"
    return Finding(TOPIC, "CPU kernels", "ok", found)


def _torch() -> list[Finding]:
    if importlib.util.find_spec("torch") is None:
        return [Finding(TOPIC, "torch", "missing", "not installed", "pip install -e .")]
    import torch

    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU build"
    findings = [Finding(TOPIC, "torch", "ok", f"{torch.__version__}, {build}")]
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            device = torch.cuda.get_device_properties(index)
            found = f"{device.name}, {size(device.total_memory)}"
            findings.append(Finding(TOPIC, f"GPU {index}", "ok", found))
        return findings
    findings.append(_cpu_kernels())
    if shutil.which("nvidia-smi"):
        found = "the machine has an NVIDIA driver, but this torch sees no GPU"
        fix = "pip install --force-reinstall torch"
        findings.append(Finding(TOPIC, "GPU", "note", found, fix))
    else:
        findings.append(Finding(TOPIC, "GPU", "ok", "none; the default pipeline runs on the CPU"))
    return findings
