"""Passages a second on this machine: this package's encoder against sentence-transformers, same weights.

python benchmarks/encode_passages.py CORPUS.jsonl [--passages 384] [--max-length 256]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--passages", type=int, default=384)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--model", default="builtin/multilingual-e5-small")
    options = parser.parse_args()

    import os

    from sentence_transformers import SentenceTransformer

    lines = options.corpus.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["content"] for line in lines[:: max(1, len(lines) // options.passages)]]
    texts = texts[: options.passages]
    info = resolve(options.model)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SUNWI_CACHE_DIR"] = folder
        encoder = Encoder(info)
        encoder.encode(texts[:8], "passage", options.max_length - 1)  # loads the weights
        usual = SentenceTransformer(str(info.folder), device="cpu")
        usual.max_seq_length = options.max_length
        usual.encode(texts[:8])
        seconds = {"sunwi": [], "sentence-transformers": []}
        for turn in range(2):  # by turns: the machine's other load falls on both
            os.environ["SUNWI_CACHE_DIR"] = f"{folder}/{turn}"
            start = time.perf_counter()
            ours = encoder.encode(texts, "passage", options.max_length)
            seconds["sunwi"].append(time.perf_counter() - start)
            start = time.perf_counter()
            prompted = [info.passage_prefix + text for text in texts]
            theirs = usual.encode(prompted, batch_size=32, normalize_embeddings=True)
            seconds["sentence-transformers"].append(time.perf_counter() - start)
    print(f"{len(texts)} passages, max length {options.max_length}, float32, the better of two turns")
    print("| | passages/s |\n|---|---|")
    for name, times in seconds.items():
        print(f"| {name} | {len(texts) / min(times):.1f} |")
    print(f"ratio {min(seconds['sentence-transformers']) / min(seconds['sunwi']):.2f}")
    print(f"largest difference {np.abs(ours.astype(np.float32) - theirs).max():.1e}")
