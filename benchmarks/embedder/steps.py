"""Samples a second in training an embedder on a CPU: this package's runner against FlagEmbedding's."""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
from pathlib import Path

from benchmarks.embedder.training import (
    SHAPES,
    WARM_UP,
    Clock,
    make_groups,
    train_ours,
    train_theirs,
    write_model,
)
from benchmarks.shared.material import Material
from benchmarks.shared.turns import Comparison, Side, take_turns
from sunwi.params.train_embedder import TrainEmbedderParams

BATCH, GROUP, TOKENS = 4, 4, 128


def compare(_: Material, turns: int, quick: bool) -> Comparison:
    """Random weights and texts, dropout off; median seconds of a step, the first ones left out."""
    steps = WARM_UP + (2 if quick else 4)
    shape = SHAPES["tiny"] if quick else SHAPES["e5-small"]
    asked = argparse.Namespace(batch=BATCH, group=GROUP, steps=steps, tokens=TOKENS, lengths="mixed")
    params = TrainEmbedderParams(
        method="dense", max_steps=steps, batch_size=BATCH, group_size=GROUP, query_max_length=64,
        passage_max_length=TOKENS, distill=False, warmup_steps=1, learning_rate=1e-5, sub_batch_size=0,
        freeze_word_embeddings=False, checkpoint_steps=0,
    )  # fmt: skip
    losses: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        info = write_model(work / "model", shape, m3=False)
        groups = make_groups(asked, shape["vocabulary"])

        def seconds(name: str, clock: Clock) -> float:
            losses[name] = clock.losses
            return statistics.median(clock.seconds[WARM_UP:])

        def flag() -> float:
            with contextlib.redirect_stdout(io.StringIO()):
                return seconds("FlagEmbedding", train_theirs(info, groups, params, cpu=True, folder=work))

        def own() -> float:
            with contextlib.redirect_stdout(io.StringIO()):
                return seconds("sunwi", train_ours(info, groups, params, cpu=True, folder=work))

        sides = {"FlagEmbedding": Side(flag, BATCH), "sunwi": Side(own, BATCH)}
        rows = take_turns(sides, turns)
    apart = max(abs(a - b) for a, b in zip(losses["FlagEmbedding"], losses["sunwi"], strict=True))
    setting = f"batches of {BATCH} questions with {GROUP} passages, mixed lengths up to {TOKENS} tokens"
    remark = (
        f"Losses of {steps} steps differ by at most {apart:.1e}. The clock counts the steps; CPU seconds "
        "count the loading of the model, too."
    )
    return Comparison("Training an embedder", "questions", setting, rows, [remark])
