"""What is said of this CPU agrees with its own flags, and holds when oneDNN is given fewer instructions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sunwi.models.cpu.support import INSTRUCTIONS, CpuSupport, cpu_support


def kernel_flags() -> set[str]:
    source = Path("/proc/cpuinfo")
    if not source.exists():
        pytest.skip("this system lists no CPU flags")
    lines = source.read_text(encoding="utf-8").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def support_under(cap: str) -> CpuSupport:
    code = "from sunwi.models.cpu.support import *; print(repr(cpu_support()))"
    given = {**os.environ, "ONEDNN_MAX_CPU_ISA": cap}
    told = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True)
    found: CpuSupport = eval(told.stdout)
    return found


def test_instructions_are_the_kernels_own() -> None:
    if "ONEDNN_MAX_CPU_ISA" in os.environ:
        pytest.skip("this run has a cap")
    flags = kernel_flags()
    expected = {name for name in INSTRUCTIONS if {"avx512": "avx512f"}.get(name, name) in flags}
    assert set(cpu_support().instructions) == expected


def test_with_avx2_alone_float32_is_all_there_is() -> None:
    if "avx2" not in kernel_flags():
        pytest.skip("this CPU has no AVX2")
    found = support_under("AVX2")
    assert set(found.instructions) <= {"avx2"}
    assert not found.packed_bfloat16
    assert not found.exact_int8  # products of large values saturate, which is seen and not only looked up
    for precision in ("bfloat16", "int8"):
        why, next_step = found.refusal(precision) or ("", "")
        assert precision in why
        assert "float32" in next_step


def test_avx512_without_vnni_has_bfloat16_and_no_int8() -> None:
    if "avx512bw" not in kernel_flags():
        pytest.skip("this CPU has no AVX-512")
    found = support_under("AVX512_CORE")
    assert found.packed_bfloat16
    assert not found.exact_int8
    assert found.refusal("bfloat16") is None


def test_nothing_is_refused_in_float32() -> None:
    assert (
        CpuSupport((), packed_float32=False, packed_bfloat16=False, exact_int8=False).refusal("float32")
        is None
    )


def test_a_cpu_of_another_kind_is_named_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    none = CpuSupport((), packed_float32=False, packed_bfloat16=False, exact_int8=False)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert none.named == "aarch64"
    refused = none.refusal("int8")
    assert refused is not None
    assert refused[0].endswith("needs AVX512-VNNI of x86; this CPU: aarch64")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert none.named == "x86 without AVX2"
