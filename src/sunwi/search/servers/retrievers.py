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
from sunwi.search.servers.fill import Found, filled
from sunwi.search.servers.index import BuiltIndex, Dialect, whitespace_text
from sunwi.search.servers.long_passages import LongPassages
from sunwi.search.servers.msearch import search_many
from sunwi.search.servers.server import Server
from sunwi.search.servers.statistics import STATISTICS, Statistics, moments_of

if TYPE_CHECKING:
    from sunwi.models.encoder import Vectors
    from sunwi.models.sparse.encoder import SparseEncoder
    from sunwi.models.sparse.vectors import SparseVectors

LARGEST_WEIGHT = 64.0  # Lucene's FeatureField.newLinearQuery
MOST_TERMS = 1_024  # Lucene's clauses of one Boolean query

Body = Callable[[QueryBatch, int], dict[str, Any] | None]  # queries, row -> request; None: nothing to ask
Similarity = Callable[[Scores], Scores]
Rows = Callable[[QueryBatch], Mapping[int, Scores]]  # queries -> rows whose scores are known here


class EngineRetriever:
    """Scores of the best `depth` passages by a server, and of others by their ids.

    A corpus of at most `depth` passages is scored whole. Of a larger one, `statistics` tell the moments of
    all scores; without them what stands below the depth is not known, and scores must be fused by their
    ranks.
    """

    def __init__(
        self,
        name: str,
        server: Server,
        index: str,
        passages: Passages,
        depth: int,
        body: Body,
        statistics: Statistics | None = None,
        own_rows: Rows | None = None,
        max_tries: int = 5,
        similarity: Similarity | None = None,
        long: LongPassages | None = None,
    ) -> None:
        """A search of an index.

        Parameters
        ----------
        similarity
            Of dense search: the server's scores to those of this package. Every passage has one then: what a
            graph of neighbours missed is no zero.
        long
            Of dense search: passages whose score is that of their best window, which is computed here.
        """
        self.name = name
        self.depth = min(depth, len(passages))
        self._server = server
        self._index = index
        self._passages = passages
        self._body = body
        self._statistics = statistics if self.depth < len(passages) else None
        self._own_rows = own_rows
        self._max_tries = max_tries
        self._similarity = similarity
        self._long = long

    @property
    def fusible(self) -> bool:
        """Whether scores can be normalised over the corpus."""
        return self.depth == len(self._passages) or self._statistics is not None

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        return self.assembled(queries, self.best(queries), [None] * len(queries))

    def best(self, queries: QueryBatch) -> list[Found]:
        """The best `depth` passages of each query."""
        requests: list[dict[str, Any]] = []
        of_row: list[tuple[int, int] | None] = []
        for row in range(len(queries)):
            body = self._body(queries, row)
            if body is None:
                of_row.append(None)
                continue
            request = {**body, "size": self.depth, "_source": False}
            further = self._statistics.asked(queries, row) if self._statistics else None
            if self._statistics is not None and further is None:
                request["aggs"] = STATISTICS
            of_row.append((len(requests), len(requests) + (further is not None)))
            requests += [request] if further is None else [request, further]
        answers = list(search_many(self._server, self._index, requests, self._max_tries))
        found = []
        for row, places in enumerate(of_row):
            if places is None:
                found.append(_nothing())
                continue
            positions, scores = self._hits(answers[places[0]])
            moments = None
            if self._statistics is not None:
                moments = self._statistics.moments(queries, row, answers[places[1]])
            cut = len(positions) == self.depth or self._similarity is not None
            found.append(Found(positions, scores, cut and len(positions) < len(self._passages), moments))
        return self._with_missed(queries, found)

    def _with_missed(self, queries: QueryBatch, found: list[Found]) -> list[Found]:
        """With a corpus that is scored whole, the passages that the search should have named."""
        if self.depth < len(self._passages) or not any(of_row.cut for of_row in found):
            return found
        every = np.arange(len(self._passages))
        missed = [np.setdiff1d(every, of_row.positions if of_row.cut else every) for of_row in found]
        return [
            of_row if more is None else of_row.joined(more)
            for of_row, more in zip(found, self.of_passages(queries, missed), strict=True)
        ]

    def of_passages(self, queries: QueryBatch, wanted: Sequence[npt.NDArray[np.int64]]) -> list[Found | None]:
        """Scores of some passages of each query; what does not match scores 0."""
        requests, rows = [], []
        for row, positions in enumerate(wanted):
            body = self._body(queries, row) if len(positions) else None
            if body is not None:
                ids = [self._passages.docids[position] for position in positions]
                requests.append({**restricted(body, ids), "size": len(ids), "_source": False})
                rows.append(row)
        found: list[Found | None] = [None] * len(wanted)
        answers = search_many(self._server, self._index, requests, self._max_tries)
        for row, answer in zip(rows, answers, strict=True):
            positions, scores = self._hits(answer)
            rest = np.setdiff1d(wanted[row], positions)
            zeros = np.zeros(len(rest), dtype=np.float32)
            found[row] = Found(np.concatenate([positions, rest]), np.concatenate([scores, zeros]))
        return found

    def assembled(self, queries: QueryBatch, best: Sequence[Found], others: Sequence[Found | None]) -> Scores:
        """Shape [queries, passages], from the answers."""
        scores = np.empty((len(queries), len(self._passages)), dtype=np.float32)
        own: list[Found | None] = [None] * len(queries)
        if self._long is not None:
            own = [Found(self._long.positions, row) for row in self._long.scores(queries.vectors)]
        for row, (of_best, of_others) in enumerate(zip(best, others, strict=True)):
            scores[row] = filled(of_best, of_others, len(self._passages), own[row])
        for row, known in (self._own_rows(queries) if self._own_rows else {}).items():
            scores[row] = known
        return scores

    def _hits(self, answer: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        hits = answer.get("hits", {}).get("hits", [])  # filter_path leaves out an empty list
        unknown = sorted({hit["_id"] for hit in hits} - self._passages.position.keys())
        if unknown:
            what = f"{self._index} has documents that are not in the corpus, such as {unknown[0]}"
            raise EngineError(self._server.engine, what, "run `sunwi index` to build the index anew")
        positions = np.array([self._passages.position[hit["_id"]] for hit in hits], dtype=np.int64)
        scores = np.array([hit["_score"] for hit in hits], dtype=np.float32)
        return positions, scores if self._similarity is None else self._similarity(scores)


def restricted(body: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    """The search, among some documents alone: exact, because so few are left."""
    only = {"ids": {"values": list(ids)}}
    if "knn" in body:  # Elasticsearch
        depth = {"k": len(ids), "num_candidates": max(2, len(ids))}
        return {**body, "knn": {**body["knn"], **depth, "filter": only}}
    query = body["query"]
    if "knn" in query:  # OpenSearch
        ((field, asked),) = query["knn"].items()
        return {**body, "query": {"knn": {field: {**asked, "k": len(ids), "filter": only}}}}
    return {**body, "query": {"bool": {"must": [query], "filter": [only]}}}


def _nothing() -> Found:
    return Found(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))


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
    vectors: Vectors | None = None,
    own_rows: Rows | None = None,
    max_tries: int = 5,
    long: LongPassages | None = None,
) -> list[EngineRetriever]:
    """BM25, and dense and sparse search where the index has them.

    Parameters
    ----------
    sparse
        The encoder, the server's names of its entries, and the most tokens of a query.
    bigram_weight
        What a bigram counts beside a morpheme (`bm25.tokenizer: kiwi+bigram`).
    vectors
        The passages' own. With them scores can be normalised where `depth` cuts the corpus, if the server
        takes scripts.
    own_rows
        BM25 of the queries that this process must score.
    long
        Dense scores of the passages that this process must score.
    """

    def lexical(queries: QueryBatch, row: int) -> dict[str, Any] | None:
        if built.analyzer == "nori":
            return {"query": {"match": {"content": {"query": queries.texts[row]}}}}
        return lexical_query(queries.terms[row], bigram_weight)

    def nearest(queries: QueryBatch, row: int) -> dict[str, Any]:
        vector = [float(x) for x in np.asarray(queries.vectors[row], dtype=np.float32)]
        return dialect.dense_query(vector, min(depth, len(passages)))

    bodies: dict[str, Body] = {"bm25": lexical, **({"dense": nearest} if dense else {})}
    if sparse is not None:
        bodies["sparse"] = _sparse_body(dialect, *sparse)
    statistics = (
        moments_of(server, dialect, built.alias, vectors, long)
        if vectors is not None and depth < len(passages)
        else {}
    )
    return [
        EngineRetriever(
            name, server, built.alias, passages, depth, body,
            statistics.get(name), own_rows if name == "bm25" else None, max_tries,
            *((dialect.similarity, long) if name == "dense" else ()),
        )
        for name, body in bodies.items()
    ]  # fmt: skip


def lexical_query(terms: Sequence[str], bigram_weight: float) -> dict[str, Any] | None:
    """BM25 over pre-tokenised terms; None where a query has no term.

    Bigrams are in the same field as the morphemes, with a lower boost at query time: so length and idf are
    those of the local index, and the order is the local one. Of more than 1,024 different terms the first
    ones are sent, morphemes before bigrams: a server refuses the whole query.
    """
    ranked = sorted(dict.fromkeys(terms), key=lambda term: -term_weight(term, bigram_weight))
    if len(ranked) > MOST_TERMS:
        kept = set(ranked[:MOST_TERMS])
        terms = [term for term in terms if term in kept]
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


def query_tokens(queries: SparseVectors, row: int, names: Sequence[str]) -> dict[str, float]:
    """A query's weights by the names that the index has, as `sendable_weights` gives them."""
    columns, weights = queries.row(row)
    return sendable_weights(
        dict(zip((names[column] for column in columns), map(float, weights), strict=True))
    )


def _sparse_body(dialect: Dialect, encoder: SparseEncoder, names: Sequence[str], max_length: int) -> Body:
    def body(queries: QueryBatch, row: int) -> dict[str, Any] | None:
        terms = query_tokens(encoder.encode_queries([queries.texts[row]], max_length), 0, names)
        return dialect.sparse_query(terms) if terms else None

    return body
