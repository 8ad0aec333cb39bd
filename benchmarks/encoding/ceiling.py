"""The largest ratio over sentence-transformers that the same float32 arithmetic allows on this machine.

Peak: the best of many large matrix products. Floor of the time: the operations of the passages' own tokens,
without a padded one, at that peak - nothing for norms, GELU, softmax or reading memory.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any


def peak_gflops(size: int = 1536, turns: int = 8) -> float:
    """Operations a CPU-second of a square float32 product, in 1e9: BLAS's or oneDNN's best turn.

    CPU seconds, so that other work on the machine does not make the ceiling lower than it is.
    """
    import torch

    left, right = torch.randn(size, size), torch.randn(size, size)
    packed = torch.ops.mkldnn._reorder_linear_weight(right, None)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(turns):
            for product in (
                lambda: left @ right,
                lambda: torch.ops.mkldnn._linear_pointwise(left, packed, None, "none", [], ""),
            ):
                start = time.process_time()
                product()
                best = min(best, time.process_time() - start)
    return 2 * size**3 / best / 1e9


def operations(lengths: list[int], config: Any) -> tuple[float, float]:
    """Floating-point operations of the linear layers, and of attention, for texts of those many tokens."""
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    linear = 2.0 * layers * (4 * hidden**2 + 2 * hidden * inner) * sum(lengths)
    attention = 4.0 * layers * hidden * sum(length**2 for length in lengths)
    return linear, attention


def measure(folder: Path, texts: list[str], batch: int, limit: int) -> str:
    """The ceiling, and where sentence-transformers' time goes, as a sentence."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import AutoConfig, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    lengths = [len(ids) for ids in tokenizer(texts, truncation=True, max_length=limit)["input_ids"]]
    linear, attention = operations(lengths, AutoConfig.from_pretrained(folder, trust_remote_code=False))
    peak = peak_gflops()
    model = SentenceTransformer(str(folder), device="cpu", trust_remote_code=False)
    model.max_seq_length = limit
    model.encode(texts[:batch], prompt="", batch_size=batch)
    start = time.process_time()
    model.encode(texts, prompt="", batch_size=batch)
    seconds = time.process_time() - start
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        model.encode(texts, prompt="", batch_size=batch)
    events = profile.key_averages()
    whole = sum(event.self_cpu_time_total for event in events)
    products = sum(event.self_cpu_time_total for event in events if event.key == "aten::addmm")
    scaled = sum(event.self_cpu_time_total for event in events if "attention" in event.key)
    floor = (linear + attention) / peak / 1e9
    return (
        f"Ceiling in float32: the largest matrix product reaches {peak:.0f} GFLOP a CPU-second here. The "
        f"passages' own tokens ask for {(linear + attention) / 1e9:.0f} GFLOP, {floor:.2f} s at that peak; "
        f"sentence-transformers takes {seconds:.2f} CPU-s ({products / whole:.0%} in linear layers, "
        f"{scaled / whole:.0%} in attention). No implementation of the same arithmetic is more than "
        f"**{seconds / floor:.2f} times** as fast, even with everything else for nothing; linear layers at "
        f"the peak without padding, and the rest as it is, would give "
        f"{1 / (1 - products / whole + linear / peak / 1e9 / seconds):.2f} times."
    )
