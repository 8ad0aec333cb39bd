"""Two processes on one machine train one model together, by torchrun over loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.train.conftest import alone, mined_rows

from sunwi.errors import DataError
from sunwi.models.resolver import resolve
from sunwi.models.spec import ModelInfo
from sunwi.params.encoder import EncoderParams
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.fit import train_embedder
from sunwi.train.embedder.groups import schedule

ROOT = Path(__file__).resolve().parents[3]
PARAMS = TrainEmbedderParams(
    batch_size=4, group_size=3, max_steps=6, learning_rate=5e-3, num_processes=2, negatives_cross_device=True
)
SCRIPT = """
import hashlib, json, os, sys
from pathlib import Path
from sunwi.models.resolver import resolve
from sunwi.params.encoder import EncoderParams
from sunwi.train.embedder.fit import train_embedder
from sunwi.train.embedder.processes import start_processes
from tests.train.conftest import alone, mined_rows
from tests.train.embedder.test_several_processes import PARAMS
start_processes(PARAMS.num_processes)
trained = train_embedder(resolve(sys.argv[1]), mined_rows(24), PARAMS, 3, alone, EncoderParams())
digest = hashlib.sha256(b"".join(value.numpy().tobytes() for _, value in sorted(trained.state.items())))
found = {"weights": digest.hexdigest(), "losses": [row["loss"] for row in trained.curve]}
Path(sys.argv[2], os.environ["RANK"] + ".json").write_text(json.dumps(found))
"""


def without_dropout(info: ModelInfo, folder: Path) -> Path:
    """Two processes draw other units to drop than one does: the model that is compared drops none."""
    shutil.copytree(info.folder, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_dropout_prob": 0.0}))
    return folder


def test_two_processes_train_as_one_on_the_same_global_batch(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, own_cache: Path
) -> None:
    model = without_dropout(tiny_models["bert"], tmp_path / "model")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(model), str(tmp_path)], cwd=ROOT, check=False,
        capture_output=True, timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:].decode()
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first["weights"] == second["weights"]
    one_process = {"batch_size": 8, "num_processes": 1, "negatives_cross_device": False}
    whole = PARAMS.model_copy(update=one_process)
    trained = train_embedder(resolve(str(model)), mined_rows(24), whole, 3, alone, EncoderParams())
    losses = [row["loss"] for row in trained.curve]
    assert losses[-1] < losses[0]
    assert first["losses"] == pytest.approx(losses, rel=1e-4)


@pytest.mark.parametrize(("shared", "together"), [(True, 8), (False, 4)])
def test_batches_that_share_negatives_are_free_of_kin_together(shared: bool, together: int) -> None:
    def twins(docid: str) -> frozenset[str]:  # d0 and d1 are copies, d2 and d3 ...
        return frozenset({docid, f"d{int(docid[1:]) ^ 1}"}) if docid[0] == "d" else frozenset({docid})

    params = PARAMS.model_copy(update={"negatives_cross_device": shared, "max_steps": 2})
    groups = schedule(mined_rows(24), twins, params, 1, processes=2).groups
    assert len(groups) == 16
    for start in range(0, len(groups), together):
        pairs = [int(group.qid[1:]) // 2 for group in groups[start : start + together]]
        assert len(set(pairs)) == together


def test_a_step_takes_a_batch_for_each_process() -> None:
    plan = schedule(mined_rows(24), alone, PARAMS, 1, processes=2)
    assert len(plan.groups) == 6 * 4 * 2


def test_one_process_cannot_share_negatives(tiny_models: dict[str, ModelInfo]) -> None:
    with pytest.raises(DataError, match="only one process trains"):
        train_embedder(tiny_models["bert"], mined_rows(8), PARAMS, 3, alone, EncoderParams())
