"""Late interaction (MaxSim; Khattab & Zaharia 2020, eq. 3) with the token vectors of a bi-encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Encoder
from sunwi.models.pair_scores import PairScores
from sunwi.models.spec import Side
from sunwi.models.token_store import TokenVectors
from sunwi.progress import Progress

ARITHMETIC = "2"  # raise it when a change moves low bits: old and new scores must not mix


class LateInteraction:
    """Scores pairs by the mean over query tokens of the best cosine among the passage's tokens.

    A passage that is longer than what is read at once has the score of its best window.
    """

    PASSAGES = 256  # passages that are encoded at a time
    REMEMBERED = 256 << 20  # bytes of queries' and of passages' token vectors that stay for the next pairs

    def __init__(
        self, encoder: Encoder, query_max_length: int, max_length: int, windows: bool = True
    ) -> None:
        # bfloat16 moves a MaxSim by .001 at most (docs/results/ranking.md); int8 is proved for `encode` alone
        self.encoder = encoder.picked if encoder.picked.precision == "bfloat16" else encoder.in_full
        self.query_max_length = query_max_length
        self.max_length = max_length
        self.windows = windows
        model = (encoder.info.content_hash, encoder.info.query_prefix, encoder.info.passage_prefix)
        settings = (
            *model,
            "maxsim",
            ARITHMETIC,
            str(query_max_length),
            str(max_length),
            *self.encoder.precision_key,
        )
        self._scores = PairScores("late_interaction", settings)
        self._known: dict[Side, dict[str, TokenVectors]] = {"query": {}, "passage": {}}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_known": {"query": {}, "passage": {}}}  # a worker remembers its own

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
        """`fresh`, but what earlier pairs hold is not encoded again.

        Pairs come in chunks by passage, so each chunk has most queries; the evaluation's and dev's passages
        are mostly the same.
        """
        return self._scored(pairs, self._known)

    def fresh(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """The same without the cache, for a model whose weights are on their way."""
        return self._scored(pairs, {})

    def _scored(
        self, pairs: Sequence[tuple[str, str]], known: Mapping[Side, dict[str, TokenVectors]]
    ) -> npt.NDArray[np.float32]:
        queries = self._vectors(sorted({query for query, _ in pairs}), "query", known.get("query"))
        wanted: dict[str, list[int]] = {}
        for at, (_, passage) in enumerate(pairs):
            wanted.setdefault(passage, []).append(at)
        passages = sorted(wanted, key=lambda text: (-len(text), text))
        scores = np.empty(len(pairs), dtype=np.float32)
        with Progress("late interaction", len(passages), "passage") as shown:
            for start in range(0, len(passages), self.PASSAGES):
                part = passages[start : start + self.PASSAGES]
                for passage, matrix in self._vectors(part, "passage", known.get("passage")).items():
                    exact = matrix.astype(np.float32)
                    for at in wanted[passage]:
                        scores[at] = maxsim(queries[pairs[at][0]].astype(np.float32), exact)
                shown.advance(len(part))
        return scores

    def _vectors(
        self, texts: Sequence[str], side: Side, known: dict[str, TokenVectors] | None
    ) -> dict[str, TokenVectors]:
        """Token vectors of the texts; those that are new stay in `known`, if it is given, while they fit."""
        missing = [text for text in texts if text not in (known or {})]
        vectors: list[TokenVectors] = []
        if missing and side == "query":
            vectors = self.encoder.token_vectors(missing, side, self.query_max_length)
        elif missing and known is None:
            vectors = self.encoder.token_vectors(missing, side, self.max_length)
        elif missing:
            vectors = self.encoder.kept_token_vectors(missing, self.max_length)
        found = {**(known or {}), **dict(zip(missing, vectors, strict=True))}
        if known is not None:
            room = self.REMEMBERED - sum(matrix.nbytes for matrix in known.values())
            for text, matrix in zip(missing, vectors, strict=True):
                if matrix.nbytes <= room:
                    known[text] = matrix
                    room -= matrix.nbytes
        return {text: found[text] for text in texts}


def maxsim(query: npt.NDArray[np.float32], passage: npt.NDArray[np.float32]) -> float:
    """Mean over query tokens of the largest dot product; shapes [tokens, dimensions]."""
    return float((query @ passage.T).max(axis=1).mean())
