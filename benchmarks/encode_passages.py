"""Passages a second on a CPU: this package's encoder against sentence-transformers, same weights.

python benchmarks/encode_passages.py CORPUS.jsonl [--batches 8] [--max-length 256] [--turns 3]

The sample is whole batches of the corpus as sentence-transformers would sort it (by length), so that its
padding is that of the corpus and not of a small sample. CPU seconds stand beside wall seconds: on a machine
with other work they are the figure to go by. Sides alternate; medians of the turns.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve

BATCH = 32
OURS = {
    "sunwi, float32": ("float32", "torch"),
    "sunwi, float32, onednn": ("float32", "onednn"),
    "sunwi, bfloat16": ("bfloat16", "torch"),
    "sunwi, bfloat16, onednn": ("bfloat16", "onednn"),
}
USUAL = "sentence-transformers, float32"
USUAL_BF16 = "sentence-transformers, bfloat16"


def sample(corpus: Path, prefix: str, batches: int) -> list[str]:
    texts = [json.loads(line)["content"] for line in corpus.read_text(encoding="utf-8").splitlines()]
    texts.sort(key=lambda text: -len(prefix + text))
    starts = np.linspace(0, max(0, len(texts) - BATCH), batches).astype(int)
    return [text for start in starts for text in texts[start : start + BATCH]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: all CPUs")
    parser.add_argument("--model", default="builtin/multilingual-e5-small")
    options = parser.parse_args()

    import torch
    from sentence_transformers import SentenceTransformer

    from sunwi import runtime

    if options.threads:
        runtime.available_cpus = lambda: options.threads
        torch.set_num_threads(options.threads)
    info = resolve(options.model)
    texts = sample(options.corpus, info.passage_prefix, options.batches)
    prompted = [info.passage_prefix + text for text in texts]
    wall: dict[str, list[float]] = {name: [] for name in (USUAL, USUAL_BF16, *OURS)}
    cpu: dict[str, list[float]] = {name: [] for name in wall}
    vectors = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SUNWI_CACHE_DIR"] = f"{folder}/warm"
        encoders = {name: Encoder(info, BATCH, *how) for name, how in OURS.items()}
        usual = {}
        for name, dtype in ((USUAL, torch.float32), (USUAL_BF16, torch.bfloat16)):
            usual[name] = SentenceTransformer(str(info.folder), device="cpu", model_kwargs={"dtype": dtype})
            usual[name].max_seq_length = options.max_length
            usual[name].encode(prompted[:8], prompt="")
        for encoder in encoders.values():
            encoder.encode(texts[:8], "passage", options.max_length - 1)  # loads the weights

        def run(name: str, turn: int) -> None:
            os.environ["SUNWI_CACHE_DIR"] = f"{folder}/{turn}/{name}"  # nothing is cached
            start, used = time.perf_counter(), time.process_time()
            if name in usual:
                vectors[name] = usual[name].encode(
                    prompted, prompt="", batch_size=BATCH, normalize_embeddings=True
                )
            else:
                vectors[name] = encoders[name].encode(texts, "passage", options.max_length)
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - used)

        for turn in range(options.turns):
            for name in wall:
                run(name, turn)
    print(f"{len(texts)} passages, max length {options.max_length}, {torch.get_num_threads()} threads")
    print("| | passages / CPU-second | times | passages / second | times | least cosine |")
    print("|---|---|---|---|---|---|")
    reference = np.asarray(vectors[USUAL], dtype=np.float32)
    for name in wall:
        of_cpu, of_wall = (statistics.median(times[name]) for times in (cpu, wall))
        ratios = [statistics.median(times[USUAL]) / now for times, now in ((cpu, of_cpu), (wall, of_wall))]
        cosine = (reference * np.asarray(vectors[name], dtype=np.float32)).sum(axis=1).min()
        print(
            f"| {name} | {len(texts) / of_cpu:.1f} | {ratios[0]:.2f} | {len(texts) / of_wall:.1f} "
            f"| {ratios[1]:.2f} | {cosine:.5f} |"
        )
