"""What this CPU and this build of torch can do; whatever chooses a precision asks here."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

X86 = ("x86_64", "amd64", "i686")
INSTRUCTIONS = ("avx2", "avx512", "avx512_vnni", "avx512_bf16", "amx_bf16")
# What oneDNN may use at most under ONEDNN_MAX_CPU_ISA; values that are not listed do not cap any of them.
ONEDNN_CAPS = {
    "SSE41": 0, "AVX": 0, "AVX2": 1, "AVX2_VNNI": 1, "AVX2_VNNI_2": 1,
    "AVX512_CORE": 2, "AVX512_CORE_VNNI": 3, "AVX512_CORE_BF16": 4, "AVX512_CORE_FP16": 4,
    "AVX10_1_512": 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CpuSupport:
    """Instructions that oneDNN uses here, and the kernels that were seen to work."""

    instructions: tuple[str, ...]
    packed_float32: bool
    packed_bfloat16: bool
    exact_int8: bool

    @property
    def named(self) -> str:
        """The instructions in words; on a CPU that is no x86, its kind: none of these names are its own."""
        if platform.machine().lower() not in X86:
            return platform.machine()
        return ", ".join(self.instructions) or "x86 without AVX2"

    def refusal(self, precision: Literal["float32", "bfloat16", "int8"]) -> tuple[str, str] | None:
        """Why a precision cannot run on this CPU, and the setting to change; None if it can."""
        if precision == "bfloat16" and not self.packed_bfloat16:
            why = f"encoder.precision is bfloat16, which needs AVX-512 of x86; this CPU: {self.named}"
            return why, "set encoder.precision to auto or float32"
        if precision == "int8" and not self.exact_int8:
            why = f"encoder.precision is int8, which needs AVX512-VNNI of x86; this CPU: {self.named}"
            return why, "set encoder.precision to auto or float32"
        return None


@cache
def cpu_support() -> CpuSupport:
    """Look once: small products are computed, and their results say what works."""
    import torch

    return CpuSupport(_instructions(), _packs(torch.float32), _packs(torch.bfloat16), _int8_is_exact())


def packs(dtype: torch.dtype) -> bool:
    """Whether weights of this type can be packed for oneDNN here."""
    import torch

    support = cpu_support()
    return {torch.float32: support.packed_float32, torch.bfloat16: support.packed_bfloat16}.get(dtype, False)


def _instructions() -> tuple[str, ...]:
    import torch

    asked = {
        "avx2": "_is_avx2_supported", "avx512": "_is_avx512_supported", "avx512_vnni": "_is_vnni_supported",
        "avx512_bf16": "_is_avx512_bf16_supported", "amx_bf16": "_is_amx_tile_supported",
    }  # fmt: skip
    cap = ONEDNN_CAPS.get(os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper(), len(INSTRUCTIONS))
    return tuple(
        name for at, name in enumerate(INSTRUCTIONS) if at < cap and getattr(torch.cpu, asked[name], bool)()
    )


def _packs(dtype: torch.dtype) -> bool:
    import torch

    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    try:
        weight = torch.ops.mkldnn._reorder_linear_weight(torch.ones(16, 16, dtype=dtype), None)
        product = torch.ops.mkldnn._linear_pointwise(
            torch.ones(2, 16, dtype=dtype), weight, None, "none", [], ""
        )
    except RuntimeError:  # it says which instructions it wants
        return False
    return bool((product == 16).all())


def _int8_is_exact() -> bool:
    """Whether sums of products of large uint8 and int8 values come out whole: without VNNI they saturate."""
    import torch

    if not hasattr(torch.ops.onednn, "qlinear_pointwise"):
        return False
    channels = 64
    weight = torch.full((16, channels), 127, dtype=torch.int8)
    scales, zeros = torch.ones(16), torch.zeros(16, dtype=torch.int64)
    try:
        packed = torch.ops.onednn.qlinear_prepack(weight, None)
        tokens = torch.full((2, channels), 255, dtype=torch.uint8)
        q = (tokens, 1.0, 0, packed, scales, zeros)
        product = torch.ops.onednn.qlinear_pointwise(*q, None, 1.0, 0, torch.float32, "none", [], "")
    except RuntimeError:
        return False
    return bool((product == 255 * 127 * channels).all())
