"""One embedder run from mined rows to the promoted folder: train, interpolate, judge, save."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.models.encoder import Encoder, load_encoder
from sunwi.models.resolver import resolve
from sunwi.models.saving import interpolate, save_encoder
from sunwi.models.spec import ModelInfo
from sunwi.params import Params
from sunwi.records import MinedRow
from sunwi.search.batch import Passages
from sunwi.search.labelled import LabelledQuestion
from sunwi.train.batches import Kin
from sunwi.train.embedder import Trained, select_rows, train_embedder
from sunwi.train.promotion import gate_set, judge, promote

if TYPE_CHECKING:
    import torch


def tune(
    params: Params,
    rows: Sequence[MinedRow],
    overlaps: dict[str, float],
    passages: Passages,
    dev: Sequence[LabelledQuestion],
    kin: Kin,
    out: Path,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Write the promoted encoder to `out`; return its metrics and the loss curve.

    Without training (switched off, or without a dev question to judge by) the base is promoted, and the
    metrics say why.
    """
    info = resolve(params.encoder.model)
    settings = params.train_embedder
    chosen = select_rows(rows, overlaps, settings.max_overlap)
    if not settings.enabled or not dev:
        reason = "switched off" if not settings.enabled else "no dev question to judge a tuned model by"
        save_encoder(info, None, out)
        return {"promoted": "base", "base_share": 1.0, "reason": reason, "rows": 0, "steps": 0}, []
    with tempfile.TemporaryDirectory(prefix="sunwi-train-") as folder:
        workdir = Path(folder)
        trained = train_embedder(info, chosen, settings, params.seed, workdir / "train", kin)
        base_state = base_weights(info)
        encoder = Encoder(info, params.encoder.batch_size)
        gate = gate_set(passages, encoder, dev, params)
        verdicts = {1.0: judge(encoder, gate, params)}
        for share in sorted(set(settings.base_weights) - {1.0}):
            candidate = workdir / f"share-{share:g}"
            save_encoder(info, interpolate(base_state, trained.state, share), candidate, trained.heads)
            verdicts[share] = judge(Encoder(resolve(str(candidate)), params.encoder.batch_size), gate, params)
        best, verdict = promote(verdicts, gate, params)
        if best == 1.0:
            save_encoder(info, None, out)
        else:
            shutil.rmtree(out, ignore_errors=True)
            shutil.move(workdir / f"share-{best:g}", out)
    return {**verdict, "rows_mined": len(rows), **_facts(trained, chosen)}, trained.curve


def base_weights(info: ModelInfo) -> dict[str, torch.Tensor]:
    """The base's weights under the names that training gives them, whatever the checkpoint's prefix."""
    import torch

    return dict(load_encoder(info.folder, torch.float32).state_dict())


def _facts(trained: Trained, rows: Sequence[MinedRow]) -> dict[str, Any]:
    return {
        "rows": len(rows),
        "rows_left_out_of_batches": trained.left_out_rows,
        "rows_with_repeated_negatives": trained.padded_rows,
        "steps": len(trained.curve),
        "trained_parameters": trained.trained_parameters,
        "loss_first": trained.curve[0]["loss"] if trained.curve else None,
        "loss_last": trained.curve[-1]["loss"] if trained.curve else None,
    }
