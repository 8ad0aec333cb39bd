"""Late interaction (MaxSim; Khattab & Zaharia 2020, eq. 3) with the token vectors of a bi-encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Encoder
from sunwi.models.pair_scores import PairScores
from sunwi.progress import Progress


class LateInteraction:
    """Scores pairs by the mean over query tokens of the best cosine among the passage's tokens.

    A passage that is longer than what is read at once has the score of its best window.
    """

    PASSAGES = 256  # passages that are encoded at a time
    REMEMBERED = 256 << 20  # bytes of passages' token vectors that stay for the next pairs

    def __init__(
        self, encoder: Encoder, query_max_length: int, max_length: int, windows: bool = True
    ) -> None:
        # bfloat16 moves a MaxSim by .001 at most (docs/results/ranking.md); int8 is proved for `encode` alone
        self.encoder = encoder.picked if encoder.picked.precision == "bfloat16" else encoder.in_full
        self.query_max_length = query_max_length
        self.max_length = max_length
        self.windows = windows
        model = (encoder.info.content_hash, encoder.info.query_prefix, encoder.info.passage_prefix)
        settings = (*model, "maxsim", str(query_max_length), str(max_length), *self.encoder.precision_key)
        self._scores = PairScores("late_interaction", settings)
        self._known: dict[str, npt.NDArray[np.float32]] = {}  # a passage's token vectors
        self._known_bytes = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_known": {}, "_known_bytes": 0}

    def score(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """MaxSim of each (query, passage), shape [pairs], cosine units; cached by pair."""
        if not self.windows:
            return self._of_starts(pairs)
        passages = sorted({passage for _, passage in pairs})
        reading = self.encoder.reading(passages, "passage", self.max_length)
        pieces: dict[str, list[str]] = {}
        for owner, piece in zip(reading.owners.tolist(), reading.pieces, strict=True):
            pieces.setdefault(passages[owner], []).append(piece)
        read = [[passage, *pieces.get(passage, ())] for _, passage in pairs]
        scores = self._of_starts(
            [(query, part) for (query, _), parts in zip(pairs, read, strict=True) for part in parts]
        )
        starts = np.cumsum([0, *map(len, read)])[:-1]
        return np.maximum.reduceat(scores, starts) if pairs else scores

    def _of_starts(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """The same with each passage's start alone."""
        return self._scores.get(pairs, partial(self.encoder.engine.map, self._remembering))

    def _remembering(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """`fresh`; a passage of earlier pairs is not encoded again: the evaluation's and dev's share most."""
        scores, missing = np.empty(len(pairs), dtype=np.float32), []
        tokens = self._queries(pairs)
        for at, (query, passage) in enumerate(pairs):
            if passage in self._known:
                scores[at] = maxsim(tokens[query], self._known[passage])
            else:
                missing.append(at)
        wanted = [pairs[at] for at in missing]
        scores[missing] = self._scored(wanted, tokens, remember=True)
        return scores

    def fresh(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """The same without the cache, for a model whose weights are on their way."""
        return self._scored(pairs, self._queries(pairs), remember=False)

    def _queries(self, pairs: Sequence[tuple[str, str]]) -> dict[str, npt.NDArray[np.float32]]:
        queries = sorted({query for query, _ in pairs})
        vectors = self.encoder.token_vectors(queries, "query", self.query_max_length)
        return dict(zip(queries, vectors, strict=True))

    def _scored(
        self,
        pairs: Sequence[tuple[str, str]],
        tokens: Mapping[str, npt.NDArray[np.float32]],
        *,
        remember: bool,
    ) -> npt.NDArray[np.float32]:
        wanted: dict[str, list[int]] = {}
        for at, (_, passage) in enumerate(pairs):
            wanted.setdefault(passage, []).append(at)
        passages = sorted(wanted, key=lambda text: (-len(text), text))
        scores = np.empty(len(pairs), dtype=np.float32)
        with Progress("late interaction", len(passages), "passage") as shown:
            for start in range(0, len(passages), self.PASSAGES):
                part = passages[start : start + self.PASSAGES]
                vectors = self.encoder.token_vectors(part, "passage", self.max_length)
                for passage, matrix in zip(part, vectors, strict=True):
                    for at in wanted[passage]:
                        scores[at] = maxsim(tokens[pairs[at][0]], matrix)
                    if remember and self._known_bytes + matrix.nbytes <= self.REMEMBERED:
                        self._known[passage] = matrix
                        self._known_bytes += matrix.nbytes
                shown.advance(len(part))
        return scores


def maxsim(query: npt.NDArray[np.float32], passage: npt.NDArray[np.float32]) -> float:
    """Mean over query tokens of the largest dot product; shapes [tokens, dimensions]."""
    return float((query @ passage.T).max(axis=1).mean())
