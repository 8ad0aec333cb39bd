"""Two processes on one machine train one model together, by torchrun over loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.train.conftest import alone, mined_rows

from sunwi.errors import DataError
from sunwi.models.spec import ModelInfo
from sunwi.params import EncoderParams, TrainEmbedderParams
from sunwi.train.embedder import train_embedder
from sunwi.train.groups import schedule

ROOT = Path(__file__).resolve().parents[2]
PARAMS = TrainEmbedderParams(
    batch_size=4, group_size=3, max_steps=3, learning_rate=5e-3, negatives_cross_device=True
)
SCRIPT = """
import hashlib, json, os, sys
from pathlib import Path
from sunwi.models.resolver import resolve
from sunwi.params import EncoderParams
from sunwi.train.embedder import train_embedder
from tests.train.conftest import alone, mined_rows
from tests.train.test_several_processes import PARAMS
trained = train_embedder(resolve(sys.argv[1]), mined_rows(24), PARAMS, 3, alone, EncoderParams())
digest = hashlib.sha256(b"".join(value.numpy().tobytes() for _, value in sorted(trained.state.items())))
found = {"weights": digest.hexdigest(), "steps": len(trained.curve)}
Path(sys.argv[2], os.environ["RANK"] + ".json").write_text(json.dumps(found))
"""


def test_both_processes_end_with_the_same_weights(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, own_cache: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    launch = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        str(script),
    ]
    done = subprocess.run(
        [*launch, str(tiny_models["bert"].folder), str(tmp_path)], cwd=ROOT, check=False, capture_output=True,
        timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:].decode()
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first["weights"] == second["weights"]
    assert first["steps"] == 3


def test_a_step_takes_a_batch_for_each_process() -> None:
    plan = schedule(mined_rows(24), alone, PARAMS, 1, processes=2)
    assert len(plan.groups) == 3 * 4 * 2


def test_one_process_cannot_share_negatives(tiny_models: dict[str, ModelInfo]) -> None:
    with pytest.raises(DataError, match="one process trains alone"):
        train_embedder(tiny_models["bert"], mined_rows(8), PARAMS, 3, alone, EncoderParams())
