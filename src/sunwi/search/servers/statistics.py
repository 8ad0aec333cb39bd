"""Mean, spread and least score of a query over a corpus of which the server gives only the best passages."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from sunwi.models.encoder import Vectors
from sunwi.search.passages import QueryBatch
from sunwi.search.servers.fill import Moments
from sunwi.search.servers.index import Dialect
from sunwi.search.servers.long_passages import LongPassages
from sunwi.search.servers.server import Server

BLOCK = 16_384  # vectors that are float32 at a time
FARTHEST = 99  # long passages that may be farther than all others
STATISTICS = {"scores": {"extended_stats": {"script": {"source": "_score"}}}}


class Statistics(Protocol):
    """What a retriever's scores are over the whole corpus, where a depth cuts them."""

    def asked(self, queries: QueryBatch, row: int) -> dict[str, Any] | None:
        """A further request of the query, or None: its search then has `STATISTICS` in it."""
        ...

    def moments(self, queries: QueryBatch, row: int, answer: Any) -> Moments | None:
        """From the answer to the request."""
        ...


class MatchStatistics:
    """Of scores that are 0 where nothing matches, by the server's own sums over the matches."""

    def __init__(self, passages: int) -> None:
        self._passages = passages

    def asked(self, queries: QueryBatch, row: int) -> None:
        """Nothing more: the sums are in the answer."""

    def moments(self, queries: QueryBatch, row: int, answer: Any) -> Moments | None:  # noqa: ARG002  the signature
        """Sums of the scores and of their squares."""
        stats = answer["aggregations"]["scores"]
        if not stats["count"]:
            return None
        return Moments.of_matches(
            stats["sum"], stats["sum_of_squares"], stats["count"], stats["min"], self._passages
        )


class CosineStatistics:
    """Of (1 + product) / 2, by the mean and the second moments of the passages' vectors.

    The least score is that of the passage nearest to the opposite of the query: one more request. Of `long`
    passages the scores are those of their windows.
    """

    def __init__(self, vectors: Vectors, dialect: Dialect, long: LongPassages | None = None) -> None:
        self._dialect, self._long, self._passages = dialect, long, len(vectors)
        size = vectors.shape[1]
        self._mean, self._second = np.zeros(size), np.zeros((size, size))
        for start in range(0, len(vectors), BLOCK):
            block = np.asarray(vectors[start : start + BLOCK], dtype=np.float32)
            self._mean += block.sum(axis=0, dtype=np.float64) / len(vectors)
            self._second += (block.T @ block).astype(np.float64) / len(vectors)

    def asked(self, queries: QueryBatch, row: int) -> dict[str, Any]:
        """The farthest passage, and as many more as may be long."""
        vector = [-float(x) for x in np.asarray(queries.vectors[row], dtype=np.float32)]
        size = 1 if self._long is None else 1 + min(len(self._long.ids), FARTHEST)
        return {**self._dialect.dense_query(vector, max(10, size)), "size": size, "_source": False}

    def moments(self, queries: QueryBatch, row: int, answer: Any) -> Moments | None:
        """q mean, q second q."""
        vector = np.asarray(queries.vectors[row], dtype=np.float64)
        mean = float(vector @ self._mean)
        variance = max(0.0, float(vector @ self._second @ vector) - mean * mean)
        long = frozenset[str]() if self._long is None else self._long.ids
        farthest = [hit["_score"] for hit in answer["hits"]["hits"] if hit["_id"] not in long][:1]
        least = 1.0 - self._dialect.similarity(np.array(farthest, dtype=np.float32))
        found = Moments((1 + mean) / 2, variance**0.5 / 2, float(least.min(initial=1.0)))
        return found if self._long is None else self._long.corrected(found, vector, self._passages)


def moments_of(
    server: Server, dialect: Dialect, index: str, vectors: Vectors, long: LongPassages | None = None
) -> dict[str, Statistics]:
    """How to know the moments of BM25, dense and sparse search; empty if the server takes no scripts."""
    if not takes_scripts(server, index):
        return {}
    matches = MatchStatistics(len(vectors))
    return {"bm25": matches, "dense": CosineStatistics(vectors, dialect, long), "sparse": matches}


def takes_scripts(server: Server, index: str) -> bool:
    """Whether the server sums scores, which takes its scripts."""
    body = {"size": 0, "query": {"match_all": {}}, "aggs": STATISTICS}
    return server.send("POST", f"/{index}/_search", body).status == 200
