"""What it costs that a row does not depend on its neighbours: torch's own batches beside sunwi's.

    python -m benchmarks.encoding.row_independence CORPUS.jsonl [--passages 96]

For each precision that this CPU has a table row: passages a CPU-second (and pairs, for a cross-encoder with
random weights of the builtin encoder's size), and how many rows have other bytes alone than in their batch.
The same on CPUs with fewer instructions: ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 before the command.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from sunwi.models.cpu.support import cpu_support
from sunwi.models.cross_encoder import CrossEncoder, batch_logits, pair_batches
from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.precision import Precision
from sunwi.models.resolver import resolve
from sunwi.runtime import pick_device

TURNS = 3
Rows = Callable[[Sequence[Any]], np.ndarray[Any, Any]]


def dependent(compute: Rows, rows: Sequence[Any]) -> int:
    together = compute(rows)
    alone = np.concatenate([compute([row]) for row in rows])
    return sum(one.tobytes() != other.tobytes() for one, other in zip(together, alone, strict=True))


def encoders(precision: Precision) -> dict[str, Rows]:
    info = resolve("builtin/multilingual-e5-small")
    own = Encoder(info, 32, precision)
    sides: dict[str, Rows] = {"sunwi": lambda texts: own._encode_fresh(texts, 256)}
    if precision != "int8":
        plain = own.with_model(load_encoder(info.folder, getattr(torch, precision)).eval(), pick_device())
        sides["torch"] = lambda texts: plain._encode_fresh(texts, 256)
    return sides


def rerankers(folder: Path) -> dict[str, Rows]:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    base = resolve("builtin/multilingual-e5-small").folder
    torch.manual_seed(3)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, trust_remote_code=False)
    model.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False)
    tokenizer.save_pretrained(folder)
    own, device = CrossEncoder(folder, 224), pick_device()
    model = model.to(device).eval()

    def plain(pairs: Sequence[tuple[str, str]]) -> np.ndarray[Any, Any]:
        found = np.empty(len(pairs), dtype=np.float32)
        for rows, batch in pair_batches(tokenizer, pairs, 224, 32):
            found[rows] = batch_logits(tokenizer, model, device, batch)
        return found

    return {"sunwi": own._compute, "torch": plain}


def measured(name: str, sides: dict[str, Rows], rows: Sequence[Any]) -> None:
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for compute in sides.values():
        compute(rows[:8])
    for _ in range(TURNS):
        for side, compute in sides.items():
            start = time.process_time()
            compute(rows)
            seconds[side].append(time.process_time() - start)
    for side, compute in sides.items():
        speed = len(rows) / float(np.median(seconds[side]))
        print(
            f"| {name} | {side} | {speed:.1f} | {dependent(compute, rows[:40])} of {min(40, len(rows))} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--passages", type=int, default=96)
    options = parser.parse_args()
    lines = options.corpus.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["content"] for line in lines[:: max(1, len(lines) // options.passages)]]
    texts = [
        text[: 40 + 37 * at % len(text)] for at, text in enumerate(texts[: options.passages])
    ]  # many lengths
    support = cpu_support()
    print(
        f"{', '.join(support.instructions)}; torch {torch.__version__}, {torch.get_num_threads()} threads\n"
    )
    print("| rows | by | rows / CPU-second | other bytes alone than in their batch |\n|---|---|---|---|")
    for precision in ("float32", "bfloat16", "int8"):
        if precision == "float32" or support.refusal(precision) is None:
            measured(f"passages, {precision}", encoders(precision), [f"passage: {text}" for text in texts])
    with TemporaryDirectory() as folder:
        pairs = [(text[:20], texts[-1 - at]) for at, text in enumerate(texts)]
        measured("pairs, float32", rerankers(Path(folder)), pairs)


if __name__ == "__main__":
    main()
