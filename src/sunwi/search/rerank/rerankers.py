"""Scores of (query, passage) pairs by the rerankers that are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from sunwi.models.api_spec import is_api
from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.encoder import Encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import resolve
from sunwi.params.encoder import EncoderParams
from sunwi.search.rerank.trained import TrainedReranker


class Rerankers:
    """Scores (query, passage) pairs by each reranker; a model is loaded when a pair is not cached.

    Late interaction uses the variant's own encoder; the trained reranker is the second one, if there is any.
    All run on the encoder's engine.

    Parameters
    ----------
    limits
        Of the late interaction, in tokens.
    max_length
        Of what the trained reranker reads, in tokens: `train_reranker.max_length`.
    """

    def __init__(
        self, encoder: Encoder, trained: TrainedReranker | None, limits: EncoderParams, max_length: int
    ) -> None:
        self._scorers: dict[str, LateInteraction | CrossEncoder] = {}
        if not is_api(encoder.info.spec):  # an API gives no vectors of tokens
            late = LateInteraction(encoder, limits.query_max_length, limits.max_length, limits.windows)
            self._scorers["late_interaction"] = late
        if trained is None:
            return
        if trained.name == "cross_encoder":
            self._scorers[trained.name] = CrossEncoder(trained.merged, max_length, engine=encoder.engine)
        else:
            own = Encoder.of(resolve(str(trained.merged)), limits, encoder.engine)
            lengths = limits.query_max_length, max_length
            self._scorers[trained.name] = LateInteraction(own, *lengths, limits.windows)

    @property
    def names(self) -> tuple[str, ...]:
        """The rerankers that are there."""
        return tuple(sorted(self._scorers))

    def score(self, name: str, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Scores of the pairs, shape [pairs]."""
        return self._scorers[name].score(pairs) if pairs else np.zeros(0, dtype=np.float32)


PairScorer = Callable[[Sequence[tuple[str, str]]], npt.NDArray[np.float32]]


def teacher_of(spec: str, encoder: Encoder, limits: EncoderParams, max_length: int) -> PairScorer | None:
    """What `mining.reranker` names: none, the encoder's late interaction, or a cross-encoder's folder or id.

    Raises
    ------
    ModelError
        If the cross-encoder cannot be resolved.
    """
    if spec == "none":
        return None
    if spec == "late_interaction":
        return LateInteraction(encoder, limits.query_max_length, limits.max_length, limits.windows).score
    return CrossEncoder(resolve(spec).folder, max_length, engine=encoder.engine).score
