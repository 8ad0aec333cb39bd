"""Every training reports its steps, under the name of its stage, and prints nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.train.conftest import alone, mined_rows
from tests.train.reranker.reranker_models import settings, training_rows, write_base

from sunwi.models.spec import ModelInfo
from sunwi.params.encoder import EncoderParams
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.progress import running_stage
from sunwi.train.embedder.fit import train_embedder
from sunwi.train.reranker.cross_encoder import train_reranker
from sunwi.train.reranker.late_interaction import train_late_interaction

STEPS = 3


def tune_embedder(info: ModelInfo, folder: Path) -> None:
    sizes = {"batch_size": 4, "group_size": 3, "max_steps": STEPS, "tf32": False}
    limits = EncoderParams(max_length=16, query_max_length=16)
    train_embedder(info, mined_rows(20), TrainEmbedderParams.model_validate(sizes), 3, alone, limits)


def tune_cross_encoder(_: ModelInfo, folder: Path) -> None:
    base = write_base(folder / "base", "bert")
    train_reranker(base, "b", training_rows(), settings(max_steps=STEPS), 7, folder / "out")


def tune_late_interaction(info: ModelInfo, folder: Path) -> None:
    chosen = settings(method="late_interaction", max_steps=STEPS)
    train_late_interaction(info, "e", training_rows(), chosen, 8, 7, folder / "out")


@pytest.mark.parametrize(
    ("tune", "label"),
    [
        (tune_embedder, "training steps"),
        (tune_cross_encoder, "training steps"),
        (tune_late_interaction, "train late interaction"),
    ],
)
def test_a_log_sees_every_step(
    tune: Callable[[ModelInfo, Path], None],
    label: str,
    tiny_models: dict[str, ModelInfo],
    tmp_path: Path,
    own_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    monkeypatch.setenv("SUNWI_PROGRESS_SECONDS", "0")
    with running_stage("train_it"):
        tune(tiny_models["bert"], tmp_path)
    out, err = capsys.readouterr()
    assert out == ""
    start = f"train_it: {label}: "
    shown = [line.removeprefix(start).split(" ")[0] for line in err.splitlines() if line.startswith(start)]
    assert shown == ["1/3", "2/3", "3/3", "3/3"]
