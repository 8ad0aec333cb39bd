"""M3's lexical weights as a sparse inverted index: s(q, d) = sum over shared tokens t of w_q(t) * w_d(t)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sunwi.errors import DataError, ModelError
from sunwi.models.encoder import Encoder
from sunwi.models.windows import Reading
from sunwi.params.encoder import EncoderParams
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def as_matrix(rows: Sequence[Mapping[int, float]], vocabulary: int) -> csr_matrix:
    """Token weights as CSR, shape [rows, vocabulary], float32, columns rising."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *(len(row) for row in rows)])
    tokens = np.array([token for row in rows for token in sorted(row)], dtype=np.int32)
    weights = np.array([row[token] for row in rows for token in sorted(row)], dtype=np.float32)
    return csr_matrix((weights, tokens, ends), shape=(len(rows), vocabulary))


def _with_windows(
    starts: Sequence[dict[int, float]], encoder: Encoder, reading: Reading, limits: EncoderParams
) -> list[dict[int, float]]:
    """Term weights over all that a passage says: M3 takes a token's maximum over its places in a text."""
    rows = [dict(row) for row in starts]
    weights = encoder.term_weights(reading.pieces, "passage", limits.max_length)
    for owner, of_piece in zip(reading.owners.tolist(), weights, strict=True):
        row = rows[owner]
        row.update({token: max(weight, row.get(token, 0.0)) for token, weight in of_piece.items()})
    return rows


class M3LexicalRetriever:
    """Lexical retrieval by a model's own term weights."""

    name = "lexical"

    def __init__(self, encoder: Encoder, passages: Sequence[str], limits: EncoderParams) -> None:
        """Encode the passages' weights; of a passage that is read in windows a token's largest one counts.

        Raises
        ------
        ModelError
            If the model has no lexical head.
        DataError
            If there is no passage.
        """
        if "lexical" not in encoder.info.heads:
            next_step = "use a model of the BGE-M3 form (BAAI/bge-m3), or search without lexical"
            raise ModelError(encoder.info.spec, "it has no lexical head (sparse_linear.pt)", next_step)
        if not passages:
            raise DataError("the corpus is empty", "run sunwi import, or check data.source in params.yaml")
        self._encoder = encoder
        self._length = limits.query_max_length
        rows = encoder.term_weights(passages, "passage", limits.max_length)
        if limits.windows:
            rows = _with_windows(
                rows, encoder, encoder.reading(passages, "passage", limits.max_length), limits
            )
        self._vocabulary = encoder.vocabulary_size
        self._index = as_matrix(rows, self._vocabulary).T.tocsr()  # [vocabulary, passages]

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        weights = self._encoder.term_weights(queries.texts, "query", self._length)
        scores: Scores = (as_matrix(weights, self._vocabulary) @ self._index).toarray()
        return scores
