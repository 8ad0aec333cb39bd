"""Rerankers by name, and what the folder of a trained one holds; no model is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sunwi.records.files import read_json

SCORERS = {
    "none": (),
    "late_interaction": ("late_interaction",),
    "late_interaction_tuned": ("late_interaction_tuned",),
    "cross_encoder": ("cross_encoder",),
    "both": ("cross_encoder", "late_interaction", "late_interaction_tuned"),  # those that are there
}
METHODS = {"cross_encoder": "cross_encoder", "late_interaction": "late_interaction_tuned"}
METHOD_FILE = "method.json"


@dataclass(frozen=True, slots=True)
class TrainedReranker:
    """A reranker's folder: the name that it scores under, and its merged model."""

    name: str
    merged: Path


def trained_reranker(folder: Path) -> TrainedReranker | None:
    """What a reranker's folder holds, or None where training was switched off."""
    settings = folder / METHOD_FILE
    if not settings.exists():
        return None
    return TrainedReranker(METHODS[read_json(settings)["method"]], folder / "merged")
