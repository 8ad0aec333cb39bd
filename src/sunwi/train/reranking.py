"""One reranker run from candidate lists to the saved models and the blend weights."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params import Params
from sunwi.records import CandidateList, write_json
from sunwi.search.reranking import Rerankers, cross_encoder_of
from sunwi.train.blending import Blend, fit_rerankers
from sunwi.train.reranker import train_reranker, training_lists

FROM_ENCODER = "encoder"  # train_reranker.model: the promoted encoder with a fresh head


def tune_reranker(
    params: Params,
    lists: Sequence[CandidateList],
    texts: dict[str, str],
    encoder: Encoder,
    embedder: Path,
    out: Path,
) -> tuple[Blend, dict[str, Any], list[dict[str, float]]]:
    """Write the cross-encoder to `out`; return blend weights, metrics and the loss curve.

    Late interaction needs no training of its own and is always there.
    """
    settings = params.train_reranker
    curve: list[dict[str, float]] = []
    facts: dict[str, Any] = {"trained": settings.enabled}
    if settings.enabled:
        chosen, counts = training_lists(lists, texts, settings, params.mining.max_positive_share)
        from_encoder = settings.model == FROM_ENCODER
        base = embedder if from_encoder else resolve(settings.model).folder
        name = embedder.as_posix() if from_encoder else settings.model
        run, curve = train_reranker(base, name, chosen, settings, params.seed, out)
        facts |= {**counts, **run}
    else:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        write_json(out / "switched_off.json", {"reason": "train_reranker.enabled is false"})
    blend, quality = fit_rerankers(lists, texts, Rerankers(encoder, cross_encoder_of(out), params), params)
    return blend, {**facts, **quality}, curve
