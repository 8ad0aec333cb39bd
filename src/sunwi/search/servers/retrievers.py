"""Retrievers that ask a server, with the interface of the local ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import EngineError
from sunwi.search.index.terms import term_weight
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.retrievers.base import Scores
from sunwi.search.servers.index import BuiltIndex, Dialect, whitespace_text
from sunwi.search.servers.server import Server, ask, part_of

if TYPE_CHECKING:
    from sunwi.models.sparse.encoder import SparseEncoder

LARGEST_WEIGHT = 64.0  # Lucene's FeatureField.newLinearQuery
MOST_TERMS = 1_024  # Lucene's clauses of one Boolean query

Body = Callable[[QueryBatch, int], dict[str, Any] | None]  # queries, row -> request; None: nothing to ask


class EngineRetriever:
    """Scores of the best `depth` passages by a server; the others stand just below the last of them.

    Below the depth nothing is known, so scores of two engines, or of an engine and a local retriever, must
    be fused by their ranks.
    """

    def __init__(
        self, name: str, server: Server, index: str, passages: Passages, depth: int, body: Body
    ) -> None:
        self.name = name
        self._server = server
        self._index = index
        self._passages = passages
        self._depth = min(depth, len(passages))
        self._body = body

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]; one request a query."""
        return np.stack([self._search(self._body(queries, row)) for row in range(len(queries))])

    def _search(self, body: dict[str, Any] | None) -> npt.NDArray[np.float32]:
        scores = np.zeros(len(self._passages), dtype=np.float32)
        if body is None:
            return scores
        request = {**body, "size": self._depth, "_source": False}
        answer = ask(self._server, "POST", f"/{self._index}/_search", request)
        hits = part_of(self._server, answer, "hits", "hits")
        unknown = sorted({hit["_id"] for hit in hits} - self._passages.position.keys())
        if unknown:
            what = f"{self._index} has documents that are not in the corpus, such as {unknown[0]}"
            raise EngineError(self._server.engine, what, "run `sunwi index` to build the index anew")
        if len(hits) == self._depth and hits:  # cut off: what follows scores at most as much as the last
            scores[:] = np.nextafter(np.float32(min(hit["_score"] for hit in hits)), np.float32(-np.inf))
        for hit in hits:
            scores[self._passages.position[hit["_id"]]] = hit["_score"]
        return scores


def engine_retrievers(
    server: Server,
    dialect: Dialect,
    built: BuiltIndex,
    passages: Passages,
    depth: int,
    *,
    dense: bool = True,
    sparse: tuple[SparseEncoder, Sequence[str], int] | None = None,
    bigram_weight: float = 1.0,
) -> list[EngineRetriever]:
    """BM25, and dense and sparse search where the index has them.

    `sparse` is the encoder, the server's names of its entries, and the most tokens of a query;
    `bigram_weight` what a bigram counts beside a morpheme (`bm25.tokenizer: kiwi+bigram`).
    """

    def lexical(queries: QueryBatch, row: int) -> dict[str, Any] | None:
        if built.analyzer == "nori":
            return {"query": {"match": {"content": {"query": queries.texts[row]}}}}
        return lexical_query(queries.terms[row], bigram_weight)

    def nearest(queries: QueryBatch, row: int) -> dict[str, Any]:
        vector = [float(x) for x in np.asarray(queries.vectors[row], dtype=np.float32)]
        return dialect.dense_query(vector, min(depth, len(passages)))

    bodies: Mapping[str, Body] = {"bm25": lexical, **({"dense": nearest} if dense else {})}
    if sparse is not None:
        bodies = {**bodies, "sparse": _sparse_body(dialect, *sparse)}
    return [
        EngineRetriever(name, server, built.alias, passages, depth, body) for name, body in bodies.items()
    ]


def lexical_query(terms: Sequence[str], bigram_weight: float) -> dict[str, Any] | None:
    """BM25 over pre-tokenised terms; None where a query has no term.

    Bigrams are in the same field as the morphemes, with a lower boost at query time: so length and idf are
    those of the local index, and the order is the local one.
    """
    clauses = [
        {"match": {"terms": {"query": whitespace_text(part), "boost": weight}}}
        for weight in dict.fromkeys((1.0, bigram_weight))
        if (part := [term for term in terms if term_weight(term, bigram_weight) == weight])
    ]
    if len(clauses) < 2:
        return {"query": clauses[0]} if clauses else None
    return {"query": {"bool": {"should": clauses}}}


def sendable_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights that both servers take, rounded to 4 decimals: above 0, at most 64, of 1,024 terms.

    Beyond these limits of Lucene's feature and Boolean queries a server refuses the whole query, so the
    strongest terms are sent (ties by name), and all are scaled down where one is above the limit: that
    changes no order.

    Examples
    --------
    >>> sendable_weights({"가": 128.0, "나": 1.0, "다": 0.00001})
    {'가': 64.0, '나': 0.5}
    """
    largest = max(weights.values(), default=0.0)
    scale = LARGEST_WEIGHT / largest if largest > LARGEST_WEIGHT else 1.0
    strongest = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:MOST_TERMS]
    rounded = {name: round(weight * scale, 4) for name, weight in strongest}
    return {name: weight for name, weight in rounded.items() if weight > 0}


def _sparse_body(dialect: Dialect, encoder: SparseEncoder, names: Sequence[str], max_length: int) -> Body:
    def body(queries: QueryBatch, row: int) -> dict[str, Any] | None:
        columns, weights = encoder.encode_queries([queries.texts[row]], max_length).row(0)
        named = zip((names[column] for column in columns), map(float, weights), strict=True)
        terms = sendable_weights(dict(named))
        return dialect.sparse_query(terms) if terms else None

    return body
