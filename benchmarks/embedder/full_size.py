"""Memory and time of models in their real size on a CPU, with random weights: bge-m3 and bge-reranker-v2-m3.

    python -m benchmarks.embedder.full_size [--only NAME]    # some 10 GiB of memory, minutes

Each row runs in a process of its own. A training step is that of the recipe (bf16, checkpointing, sub-batches
and frozen word embeddings, or LoRA) with fewer and shorter texts: 2 questions, 4 passages each, 128 tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from benchmarks.embedder.training import SHAPES, make_groups, train_ours, write_model

ROOT = Path(__file__).resolve().parents[2]
SHAPE = SHAPES["bge-m3"]
QUESTIONS, PASSAGES, TOKENS, TEXTS = 2, 4, 128, 64


def texts(count: int) -> list[str]:
    """Texts of `TOKENS` tokens with <s> and </s>."""
    return [" ".join(f"w{(at * 131 + word) % 9000}" for word in range(TOKENS - 2)) for at in range(count)]


def recipe(name: str) -> dict[str, Any]:
    """A recipe's sections."""
    sections: dict[str, Any] = yaml.safe_load((ROOT / "recipes" / f"{name}.yaml").read_text(encoding="utf-8"))
    return sections


def model(folder: Path) -> Any:
    """The shape of bge-m3, written once; with M3's heads."""
    from sunwi.models.resolver import resolve
    from sunwi.models.spec import ModelInfo

    if not (folder / "config.json").exists():
        return write_model(folder, SHAPE, m3=True)
    info = resolve(str(folder))
    return ModelInfo(info.spec, folder, "cls", "", "", info.heads, info.content_hash)


def encode(folder: Path) -> str:
    from sunwi.models.encoder import Encoder
    from sunwi.params.encoder import EncoderParams

    encoder = Encoder.of(model(folder), EncoderParams(max_length=TOKENS))
    encoder.encode(texts(TEXTS), "passage", TOKENS)
    return f"{TEXTS} passages, {encoder.picked.precision}"


def embedder_step(name: str) -> Callable[[Path], str]:
    """One step of a recipe's embedder."""

    def step(folder: Path) -> str:
        from sunwi.params.train_embedder import TrainEmbedderParams

        smaller = {
            "max_steps": 1, "batch_size": QUESTIONS, "group_size": PASSAGES, "passage_max_length": TOKENS,
            "eval_steps": 0, "checkpoint_steps": 0, "sub_batch_size": QUESTIONS * PASSAGES // 2,
        }  # fmt: skip
        params = TrainEmbedderParams(**{**recipe(name)["train_embedder"], **smaller})
        shape = argparse.Namespace(batch=QUESTIONS, group=PASSAGES, steps=1, tokens=TOKENS, lengths="full")
        with tempfile.TemporaryDirectory() as out:
            groups = make_groups(shape, 9000)
            clock = train_ours(model(folder), groups, params, cpu=True, folder=Path(out))
        return f"one step of {clock.seconds[0]:.0f} s, loss {clock.losses[0]:.2f}"

    return step


def reranker_step(folder: Path) -> str:
    from sunwi.params.train_reranker import TrainRerankerParams
    from sunwi.train.reranker.cross_encoder import train_reranker
    from sunwi.train.reranker.lists import TrainingList

    some = texts(QUESTIONS * PASSAGES)
    rows = [some[at : at + PASSAGES] for at in range(0, len(some), PASSAGES)]
    lists = [TrainingList(row[0][:100], row, [0.9, *([0.1] * (PASSAGES - 1))]) for row in rows]
    smaller = {"max_steps": 1, "batch_size": QUESTIONS, "negatives": PASSAGES - 1, "max_length": TOKENS}
    params = TrainRerankerParams(**{**recipe("bge-reranker-ko")["train_reranker"], **smaller})
    with tempfile.TemporaryDirectory() as out:
        facts, _ = train_reranker(model(folder).folder, "random", lists, params, 0, Path(out))
    return f"one step of {facts['trained_parameters'] / 1e6:.1f} million weights, and the merged model"


ROWS: dict[str, Callable[[Path], str]] = {
    "encode": encode,
    "recipes kure-v1, bge-m3-ko, arctic-ko": embedder_step("kure-v1"),
    "recipe bge-m3": embedder_step("bge-m3"),
    "recipes bge-reranker-ko, bge-m3 (reranker)": reranker_step,
}


def run(name: str, folder: Path) -> str:
    """A row of the table, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.embedder.full_size", "--row", name, "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return f"| {name} | ended with {done.returncode} | | | |"
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return f"| {name} | {found['done']} | {found['seconds']:.0f} | {found['cpu']:.0f} | {found['peak']:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=ROWS, action="append")
    parser.add_argument("--row", choices=ROWS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="keep the model here")
    asked = parser.parse_args()
    if asked.row:
        start, before = time.perf_counter(), time.process_time()
        with tempfile.TemporaryDirectory() as cache:
            os.environ["SUNWI_CACHE_DIR"] = cache
            done = ROWS[asked.row](asked.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        facts = {"done": done, "seconds": time.perf_counter() - start, "peak": peak}
        print(json.dumps({**facts, "cpu": time.process_time() - before}))
        return
    with tempfile.TemporaryDirectory() as kept:
        folder = asked.folder or Path(kept) / "model"
        model(folder)
        print("| | done | seconds | CPU seconds | peak GiB |\n|---|---|---|---|---|", flush=True)
        for name in asked.only or ROWS:
            print(run(name, folder), flush=True)


if __name__ == "__main__":
    main()
