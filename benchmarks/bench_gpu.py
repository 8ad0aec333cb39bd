"""The GPU's rows: encoding, and the trainers, each as a share of what this GPU was measured to reach.

python -m benchmarks.bench_gpu [--passages 4096] [--page docs/benchmarks_gpu.md]

Ceilings: large bfloat16 matrix products, and copies within the GPU's memory. Weights are random, in the shape
of the builtin encoder and of BAAI/bge-m3. Without a GPU it says so and ends.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.embedder.training import SHAPES, write_model
from benchmarks.encoding.ceiling import operations

ROOT = Path(__file__).resolve().parents[1]
LENGTH = 256


def median_seconds(work: Callable[[], object], turns: int = 5) -> float:
    """Seconds of a piece of GPU work, after one turn that does not count."""
    import torch

    times = []
    for _ in range(turns + 1):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def ceilings(size: int = 8192) -> tuple[float, float]:
    """TFLOP/s of a large bfloat16 product; TB/s of a copy, read and write counted."""
    import torch

    left = torch.randn(size, size, device="cuda", dtype=torch.bfloat16)
    product = median_seconds(lambda: [left @ left for _ in range(10)]) / 10
    data = torch.empty(2**31, device="cuda", dtype=torch.uint8)
    target = torch.empty_like(data)
    copied = median_seconds(lambda: [target.copy_(data) for _ in range(10)]) / 10
    return 2 * size**3 / product / 1e12, 2 * data.numel() / copied / 1e12


def encoding(shape: str, passages: int, tflops: float) -> list[str]:
    """Rows of the encoding table: ours and sentence-transformers', alternating."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import AutoConfig

    from sunwi.models.builtin import write_pooling
    from sunwi.models.encoder import Encoder
    from sunwi.models.resolver import resolve

    text = " ".join(f"w{at}" for at in range(LENGTH - 2))
    texts = [f"w{at % 900} {text}" for at in range(passages)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        write_model(path, SHAPES[shape], m3=False)
        write_pooling(path, SHAPES[shape]["hidden"], "mean", "", "", 512)
        flops = sum(
            operations([LENGTH] * passages, AutoConfig.from_pretrained(path, trust_remote_code=False))
        )
        encoder = Encoder(resolve(str(path)), 256)
        library = SentenceTransformer(
            str(path), device="cuda", model_kwargs={"dtype": torch.bfloat16}, trust_remote_code=False
        )
        library.max_seq_length = LENGTH

        def ours() -> None:
            with tempfile.TemporaryDirectory() as cache:
                os.environ["SUNWI_CACHE_DIR"] = cache
                encoder.encode(texts, "passage", LENGTH)

        sides = {
            "sentence-transformers, bfloat16": lambda: library.encode(texts, batch_size=256),
            "sunwi, bfloat16": ours,
        }
        rows = []
        for name, work in sides.items():
            seconds = median_seconds(work)
            share = flops / seconds / tflops / 1e12
            rows.append(f"| {shape}, {name} | {passages / seconds:,.0f} | {share:.1%} |")
        return rows


def script(name: str, *arguments: str) -> str:
    """What a benchmark of its own prints."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passages", type=int, default=4096)
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmarks_gpu.md")
    options = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        print("skipped: no CUDA GPU here")
        return
    tflops, bandwidth = ceilings()
    rows = [row for shape in ("e5-small", "bge-m3") for row in encoding(shape, options.passages, tflops)]
    demo = ROOT / "data" / "demo"
    reached = f"{tflops:.0f} TFLOP/s (bfloat16 product of 8192 x 8192), {bandwidth:.2f} TB/s (copy)"
    parts = [
        "# Benchmarks on a GPU",
        f"{torch.cuda.get_device_name()}; torch {torch.__version__}. Measured ceilings: {reached}.",
        f"## Encoding, {options.passages:,} passages of {LENGTH} tokens\n\n"
        "| | passages / s | share of the measured TFLOP/s |\n|---|---|---|\n" + "\n".join(rows),
        "## Training an embedder\n\n```\n" + script("embedder.training") + "\n```",
        "## Reranking\n\n"
        + script("reranker.inference", str(demo / "corpus.jsonl"), str(ROOT / "data/qa/questions.jsonl")),
    ]
    text = "\n\n".join(parts) + "\n"
    options.page.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
