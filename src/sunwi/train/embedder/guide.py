"""GISTEmbed's guide: which in-batch negatives may be passages that answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Encoder
from sunwi.params.encoder import EncoderParams

if TYPE_CHECKING:
    from sunwi.train.embedder.groups import Group


class Guide:
    """Cosines under a model that does not train, from its cached vectors."""

    def __init__(
        self, encoder: Encoder, groups: Sequence[Group], params: EncoderParams, margin: float
    ) -> None:
        self.margin = margin
        queries = sorted({group.query for group in groups})
        passages = sorted({text for group in groups for text in group.passages})
        self._queries = _by_text(queries, encoder.encode(queries, "query", params.query_max_length, "guide"))
        self._passages = _by_text(passages, encoder.encode(passages, "passage", params.max_length, "guide"))

    def allowed(self, batch: Sequence[Group]) -> npt.NDArray[np.bool_]:
        """Shape [questions, questions * group size]: False where a passage is no negative of the question.

        Another question's passage is masked if the guide's cosine with this question is above the
        positive's less the margin (GISTEmbed, Solatorio 2024). The question's own mined negatives
        stay: the mining rules have passed them, and the distillation wants their scores.
        """
        queries = np.stack([self._queries[group.query] for group in batch]).astype(np.float32)
        passages = np.stack([self._passages[text] for group in batch for text in group.passages])
        scores = queries @ passages.astype(np.float32).T
        size = len(batch[0].passages)
        own = np.kron(np.eye(len(batch), dtype=bool), np.ones((1, size), dtype=bool))
        positive = scores[np.arange(len(batch)), np.arange(len(batch)) * size]
        mask: npt.NDArray[np.bool_] = own | (scores <= positive[:, None] - self.margin)
        return mask


def _by_text(texts: Sequence[str], vectors: npt.NDArray[np.float16]) -> dict[str, npt.NDArray[np.float16]]:
    return dict(zip(texts, vectors, strict=True))
