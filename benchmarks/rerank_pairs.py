"""Pairs a second on this machine: this package's cross-encoder against FlagReranker, same weights, float32.

python benchmarks/rerank_pairs.py MODEL_FOLDER CORPUS.jsonl QUESTIONS.jsonl [--pairs 256]
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from sunwi.models.cross_encoder import CrossEncoder


def texts(path: Path, field: str, count: int) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)[field] for line in lines[:: max(1, len(lines) // count)]][:count]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--pairs", type=int, default=256)
    parser.add_argument("--max-length", type=int, default=224)
    options = parser.parse_args()

    from FlagEmbedding import FlagReranker

    passages = texts(options.corpus, "content", options.pairs)
    asked = texts(options.questions, "question", options.pairs)
    pairs = list(zip(asked, passages, strict=True))
    length = options.max_length
    usual = FlagReranker(str(options.model), use_fp16=False, devices="cpu", batch_size=32, max_length=length)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SUNWI_CACHE_DIR"] = folder
        model = CrossEncoder(options.model, options.max_length)
        model.score([("물", "빛")])
        usual.compute_score([["물", "빛"]])
        seconds = {"sunwi": [], "FlagReranker": []}
        for turn in range(2):
            os.environ["SUNWI_CACHE_DIR"] = f"{folder}/{turn}"
            start = time.perf_counter()
            ours = model.score(pairs)
            seconds["sunwi"].append(time.perf_counter() - start)
            start = time.perf_counter()
            theirs = np.array(usual.compute_score([list(pair) for pair in pairs]))
            seconds["FlagReranker"].append(time.perf_counter() - start)
    print(f"{len(pairs)} pairs, max length {options.max_length}, float32, the better of two turns")
    print("| | pairs/s |\n|---|---|")
    for name, times in seconds.items():
        print(f"| {name} | {len(pairs) / min(times):.1f} |")
    print(f"ratio {min(seconds['FlagReranker']) / min(seconds['sunwi']):.2f}")
    print(f"largest difference {np.abs(ours - theirs).max():.1e}")
