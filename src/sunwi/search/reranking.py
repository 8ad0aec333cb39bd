"""The rerankers that a variant may use, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.encoder import Encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.params import Params

SCORERS = {
    "none": (),
    "late_interaction": ("late_interaction",),
    "cross_encoder": ("cross_encoder",),
    "both": ("cross_encoder", "late_interaction"),
}


def cross_encoder_of(folder: Path) -> Path | None:
    """The merged cross-encoder in a reranker's folder, or None where its training was switched off."""
    merged = folder / "merged"
    return merged if merged.exists() else None


class Rerankers:
    """Scores (query, passage) pairs by each reranker; a model is loaded when a pair is not cached."""

    def __init__(self, encoder: Encoder, cross_encoder: Path | None, params: Params) -> None:
        limits = params.encoder
        self._late = LateInteraction(encoder, limits.query_max_length, limits.max_length)
        settings = params.train_reranker
        self._cross = CrossEncoder(cross_encoder, settings.max_length) if cross_encoder else None

    @property
    def names(self) -> tuple[str, ...]:
        """The rerankers that are there."""
        return ("cross_encoder", "late_interaction") if self._cross else ("late_interaction",)

    def score(self, name: str, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Scores of the pairs, shape [pairs]."""
        if not pairs:
            return np.zeros(0, dtype=np.float32)
        if name == "late_interaction":
            return self._late.score(pairs)
        assert self._cross is not None  # `names` says which are there
        return self._cross.score(pairs)


PairScorer = Callable[[Sequence[tuple[str, str]]], npt.NDArray[np.float32]]


def teacher_of(spec: str, encoder: Encoder, params: Params) -> PairScorer | None:
    """What `mining.reranker` names: none, the encoder's late interaction, or a cross-encoder's folder or id.

    Raises
    ------
    ModelError
        If the cross-encoder cannot be resolved.
    """
    if spec == "none":
        return None
    if spec == "late_interaction":
        limits = params.encoder
        return LateInteraction(encoder, limits.query_max_length, limits.max_length).score
    from sunwi.models.resolver import resolve

    return CrossEncoder(resolve(spec).folder, params.train_reranker.max_length).score
