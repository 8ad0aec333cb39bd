"""What `encoder.precision: auto` is for a model on this CPU: the fastest that keeps its search vectors.

A table decides by the CPU's instructions, and fixed texts may refuse. No clock is read: one tree has the same
bytes every day on machines of one kind.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from sunwi.cache import RowCache
from sunwi.models.check_texts import PASSAGES, QUERIES
from sunwi.models.loading import config_value
from sunwi.models.spec import ModelInfo
from sunwi.runtime import cache_dir, text_hash

if TYPE_CHECKING:
    from sunwi.models.cpu.support import CpuSupport

CpuPrecision = Literal["float32", "bfloat16", "int8"]
# The first instruction that a CPU has decides what is tried, fastest first (docs/results/precision.md).
# int8 is not in it: it lost .0074 MRR on the demo's dev set. Without AMX bfloat16 is slower than float32.
FASTEST: tuple[tuple[str, tuple[CpuPrecision, ...]], ...] = (("amx_bf16", ("bfloat16",)),)
LEAST_COSINE = 0.995  # of a text with its float32 vector; the builtin model has .9986 or more
CHECK = "1"  # raise it when texts, table, limit or arithmetic change: what was picked before is forgotten
TOKENS = 256  # of a text of the check
CACHE = "precision"
CPU_FACTS = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Pick:
    """A precision, and why: the least cosine of each precision that was tried, and a sentence."""

    precision: CpuPrecision
    cosines: dict[str, float]
    reason: str


def candidates(support: CpuSupport) -> tuple[CpuPrecision, ...]:
    """What is faster than float32 on a CPU, fastest first."""
    for instruction, precisions in FASTEST:
        if instruction in support.instructions:
            return tuple(name for name in precisions if support.refusal(name) is None)
    return ()


Encode = Callable[[CpuPrecision, Sequence[str]], npt.NDArray[np.float16]]


def pick(info: ModelInfo, encode: Encode) -> Pick:
    """The precision of a model's search vectors on this CPU; a check costs once for a model and kind of CPU.

    Parameters
    ----------
    encode
        Vectors of texts with their prefixes in a precision, shape [texts, dimensions], not from a cache.
    """
    key = _key(info)
    with RowCache(CACHE) as cache:
        if (kept := cache.get_many([key]).get(key)) is not None:
            return Pick(**json.loads(kept))
        picked = check(info, encode)
        return Pick(**json.loads(cache.put_first(key, json.dumps(asdict(picked)).encode())))


def kept_pick(info: ModelInfo) -> Pick | None:
    """What an earlier run picked here, if any; nothing is computed or written."""
    if not (cache_dir() / f"{CACHE}.sqlite").exists():
        return None
    key = _key(info)
    with RowCache(CACHE) as cache:
        kept = cache.get_many([key]).get(key)
    return Pick(**json.loads(kept)) if kept is not None else None


def _key(info: ModelInfo) -> str:
    model = (info.content_hash, info.pooling, info.query_prefix, info.passage_prefix)
    return text_hash("auto_precision", CHECK, *model, *_machine())


def check(info: ModelInfo, encode: Encode) -> Pick:
    """The same without the cache."""
    from sunwi.models.cpu.bert import MODEL_TYPES
    from sunwi.models.cpu.support import cpu_support

    support = cpu_support()
    faster = candidates(support)
    if not faster:
        return Pick("float32", {}, f"nothing is faster than float32 on this CPU: {support.named}")
    if (kind := config_value(info.folder, "model_type")) not in MODEL_TYPES:
        return Pick(
            "float32", {}, f"the speeds were measured for {', '.join(sorted(MODEL_TYPES))}, not {kind}"
        )
    texts = check_texts(info)
    reference = encode("float32", texts)
    cosines: dict[str, float] = {}
    for name in faster:
        cosines[name] = round(least_cosine(encode(name, texts), reference), 6)
        if cosines[name] >= LEAST_COSINE:
            first = f"the fastest on this CPU; least cosine {cosines[name]:.4f} with float32"
            others = [f"{other} has {cosine:.4f}" for other, cosine in cosines.items() if other != name]
            return Pick(name, cosines, "; ".join([first, *others]))
    seen = ", ".join(f"{name} {cosine:.4f}" for name, cosine in cosines.items())
    return Pick("float32", cosines, f"least cosine with float32 is below {LEAST_COSINE}: {seen}")


def check_texts(info: ModelInfo) -> list[str]:
    """The fixed texts with the model's prefixes."""
    return [
        *(info.query_prefix + text for text in QUERIES),
        *(info.passage_prefix + text for text in PASSAGES),
    ]


def least_cosine(vectors: npt.NDArray[np.float16], reference: npt.NDArray[np.float16]) -> float:
    """Of unit vectors, row by row, shapes [rows, dimensions]; -1 where a number is not finite.

    Examples
    --------
    >>> moved = np.array([[1, 0], [0.5, 0.75]], dtype=np.float16)
    >>> least_cosine(np.eye(2, dtype=np.float16), moved)
    0.75
    """
    cosines = (vectors.astype(np.float64) * reference.astype(np.float64)).sum(axis=1)
    return float(cosines.min()) if np.isfinite(cosines).all() else -1.0


def _machine() -> tuple[str, ...]:
    """What support and low bits depend on here; torch, which takes seconds to load, is not asked on Linux."""
    caps = (os.environ.get(name, "") for name in ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY"))
    return (version("torch"), platform.machine(), *caps, *_instructions())


def _instructions() -> tuple[str, ...]:
    if CPU_FACTS.exists():
        lines = CPU_FACTS.read_text(encoding="utf-8").splitlines()
        if flags := next(
            (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features"))), ""
        ):
            return tuple(sorted(flags.split()))
    from sunwi.models.cpu.support import cpu_support

    return cpu_support().instructions
