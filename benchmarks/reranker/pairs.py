"""Pairs a second of a cross-encoder on a CPU: this package, FlagReranker, CrossEncoder; same weights."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.shared.material import Material
from benchmarks.shared.turns import Comparison, Side, take_turns
from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.resolver import resolve

BATCH = 32
MAX_LENGTH = 224


def reranker_of(folder: Path) -> Path:
    """The builtin encoder with a fresh head of one label: the time does not hang on what the weights say."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    base = resolve("builtin/multilingual-e5-small").folder
    torch.manual_seed(1)
    AutoModelForSequenceClassification.from_pretrained(
        base, num_labels=1, trust_remote_code=False
    ).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base, trust_remote_code=False).save_pretrained(folder)
    return folder


def compare(material: Material, turns: int, quick: bool) -> Comparison:
    import torch
    from FlagEmbedding import FlagReranker
    from sentence_transformers import CrossEncoder as Library

    count = 32 if quick else 96
    step = max(1, len(material.asked) // count)
    pairs = [(question, material.documents[docid]) for question, docid in material.asked[::step][:count]]
    listed = [list(pair) for pair in pairs]
    found: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as work:
        folder = reranker_of(Path(work) / "model")
        ours = CrossEncoder(folder, MAX_LENGTH, BATCH)
        flag = FlagReranker(
            str(folder),
            trust_remote_code=False,
            use_fp16=False,
            devices="cpu",
            batch_size=BATCH,
            max_length=MAX_LENGTH,
        )
        library = Library(str(folder), max_length=MAX_LENGTH, device="cpu", trust_remote_code=False)
        quiet = {"batch_size": BATCH, "show_progress_bar": False, "activation_fn": torch.nn.Identity()}

        def by_flag() -> None:
            found["FlagReranker"] = np.asarray(flag.compute_score(listed))

        def by_library() -> None:
            found["CrossEncoder"] = np.asarray(library.predict(pairs, **quiet))

        def by_sunwi() -> None:
            found["sunwi"] = np.asarray(ours._compute(pairs))  # without the cache

        sides = {
            "FlagReranker": Side(by_flag, len(pairs)),
            "CrossEncoder": Side(by_library, len(pairs)),
            "sunwi": Side(by_sunwi, len(pairs)),
        }
        rows = take_turns(sides, turns)
    for row in rows:
        row.note = f"largest difference {np.abs(found[row.name] - found['FlagReranker']).max():.0e}"
    setting = f"{len(pairs)} pairs, {MAX_LENGTH} tokens at most, float32"
    return Comparison("Reranking", "pairs", setting, rows)
