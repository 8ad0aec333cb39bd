"""What is run on each device; as a program, everything on one device, with the numbers to a file.

    CUDA_VISIBLE_DEVICES= python -m benchmarks.gpu_check.work FILE [--speed]    # on the CPU

A package that is not installed is written down in place of the numbers of what needs it.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu_check import material
from benchmarks.gpu_check.speed import speed


def device() -> list[str]:
    """The device and the number format in which sunwi encodes on it."""
    import torch

    from sunwi.runtime import inference_dtype

    if not torch.cuda.is_available():
        return [f"CPU: {inference_dtype('cpu')}"]
    lines = []
    for at in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(at).total_memory / 2**30
        kind = f"{torch.cuda.get_device_name(at)}, {memory:.0f} GiB"
        lines.append(f"GPU {at}: {kind}, {inference_dtype('cuda')}; CUDA {torch.version.cuda}")
    return lines


def encode(folder: Path) -> list[float]:
    """Vectors in float32, one after the other."""
    from sunwi.models.encoder import Encoder

    encoder = Encoder(material.write_encoder(folder / "encoder"), precision="float32")
    return [float(value) for value in encoder.exact(material.texts(), "passage", 64).ravel()]


def embedder(method: str) -> Callable[[Path], list[float]]:
    """Losses of the embedder's trainer by one of its methods."""

    def losses(folder: Path) -> list[float]:
        import torch

        from benchmarks.embedder.training import train_ours

        if method == "decoder":
            info = material.write_decoder(folder)
        else:
            info = material.write_encoder(folder / "model", m3=method == "m3")
        params, cpu = material.embedder_params(method), not torch.cuda.is_available()
        return train_ours(info, material.groups(), params, cpu, folder).losses

    return losses


def reranker(folder: Path) -> list[float]:
    """Losses of the cross-encoder's LoRA; a GPU that has bfloat16 trains in it."""
    from sunwi.params.train_reranker import TrainRerankerParams
    from sunwi.train.reranker.cross_encoder import train_reranker
    from sunwi.train.reranker.lists import TrainingList

    info, some = material.write_encoder(folder / "base"), material.texts(48)
    lists = [
        TrainingList(some[at], [some[at], some[at + 8], some[at + 16]], [0.9, 0.5, 0.4]) for at in range(24)
    ]
    params = TrainRerankerParams(
        max_steps=material.STEPS, batch_size=3, negatives=2, max_length=96, learning_rate=3e-2,
        lora_dropout=0.0, modules_to_save=["classifier"],
    )  # fmt: skip
    _, curve = train_reranker(info.folder, "random", lists, params, 0, folder / "out")
    return [row["loss"] for row in curve]


def sparse(folder: Path) -> list[float]:
    """Losses of the sparse encoder's training."""
    from sunwi.params.sparse import SparseParams
    from sunwi.records.mined import MinedRow
    from sunwi.train.sparse.fit import train_sparse
    from sunwi.train.sparse.start import start_encoder

    some = material.texts(96)
    params = SparseParams(
        max_steps=material.STEPS, batch_size=material.BATCH, evaluate_every=material.STEPS, warmup_steps=1
    )
    encoder = start_encoder(material.write_encoder(folder / "model"), some, some, params, 0)
    rows = [
        MinedRow(
            qid=f"q{at}", query=some[at], pos=[some[at]], neg=[some[at + 32], some[at + 64]],
            pos_ids=[f"d{at}"], neg_ids=[f"d{at + 32}", f"d{at + 64}"], pos_scores=[0.9],
            neg_scores=[0.4, 0.2], provenance=[],
        )
        for at in range(32)
    ]  # fmt: skip
    trained = train_sparse(
        encoder, rows, [], params, lambda docid: frozenset({docid}), lambda: 0.0, 0, folder / "checkpoints"
    )
    return [row["loss"] for row in trained.curve]


def search(_: Path) -> list[float]:
    """Positions that faiss finds by IVF-PQ, ten a query; on a GPU with faiss-gpu alone."""
    import faiss
    import torch

    from sunwi.params.dense import DenseParams
    from sunwi.search.retrievers.approximate import build_index, serving_index

    if torch.cuda.is_available() and not hasattr(faiss, "GpuIndexIVFPQ"):
        raise ModuleNotFoundError("faiss here has no GPU", name="faiss-gpu-cu12")
    generator = np.random.default_rng(0)
    vectors = generator.standard_normal((4096, 32)).astype(np.float16)
    queries = vectors[:64].astype(np.float32) + 0.01 * generator.standard_normal((64, 32)).astype(np.float32)
    params = DenseParams(index="ivfpq", nlist=32, pq_m=8, nprobe=8)
    found = serving_index(build_index(vectors, params), params).search(queries, 10)[1]
    return [float(position) for position in found.ravel()]


WORK: dict[str, Callable[[Path], Any]] = {
    "devices": lambda _: device(),
    "encode": encode,
    "train dense": embedder("dense"),
    "train m3": embedder("m3"),
    "train decoder, LoRA": embedder("decoder"),
    "train reranker, LoRA": reranker,
    "train sparse": sparse,
    "faiss IVF-PQ": search,
}


def outcome(work: Callable[[Path], Any]) -> dict[str, Any]:
    """{"values": ...}, {"missing": package}, or {"error": what}."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SUNWI_CACHE_DIR"] = folder
        try:
            return {"values": work(Path(folder))}
        except ImportError as error:
            return {"missing": error.name or str(error)}
        except Exception as error:  # the row of this check says so, and the others are run
            traceback.print_exc()
            return {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args()
    found = {name: outcome(work) for name, work in WORK.items()}
    if asked.speed:
        found["speed"] = outcome(speed)
    asked.file.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
