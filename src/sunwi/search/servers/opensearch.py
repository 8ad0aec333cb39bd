"""OpenSearch 2.14 and later: transport of opensearch-py, field types and queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sunwi.errors import EngineError
from sunwi.search.retrievers.base import Scores
from sunwi.search.servers.access import Access
from sunwi.search.servers.server import Answer, answered, check_login, no_json, unreachable

MINIMUM = (2, 14)  # neural_sparse with raw query tokens


class OpenSearch:
    """A server that speaks OpenSearch's API."""

    engine = "opensearch"

    def __init__(self, access: Access, timeout: float) -> None:
        try:
            from opensearchpy import OpenSearch as Client
        except ImportError as error:
            raise EngineError(
                self.engine, "its client is not installed", "pip install 'sunwi[opensearch]'"
            ) from error
        if access.api_key:
            what = "SUNWI_OPENSEARCH_API_KEY is set, and OpenSearch knows no API keys"
            raise EngineError(self.engine, what, "set SUNWI_OPENSEARCH_USER and _PASSWORD instead")
        self.url = access.url
        self._access = access
        self._client = Client(
            hosts=[access.url],
            http_auth=access.login,
            ca_certs=access.ca_certs,
            verify_certs=True,
            timeout=timeout,
            max_retries=0,  # retries are ours, and counted
        )

    def send(
        self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        """One request (see `Server`)."""
        from opensearchpy.exceptions import ConnectionError as NoConnection
        from opensearchpy.exceptions import OpenSearchException, TransportError

        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        try:
            response = self._client.transport.perform_request(
                method, path, params=dict(params or {}), body=body, headers={"content-type": kind}
            )
        except NoConnection as error:
            raise unreachable(self.engine, self.url, error) from error
        except TransportError as error:
            answer = answered(self._access, int(error.status_code), error.info)
            check_login(self.engine, answer)
            return answer
        except (OpenSearchException, AttributeError) as error:  # no JSON; an error that is no JSON object
            raise no_json(self.engine, self.url) from error
        # HEAD gives a truth value
        return answered(self._access, 200 if response is not False else 404, response)


class OpenSearchDialect:
    """OpenSearch's names of things."""

    minimum = MINIMUM
    settings: Mapping[str, Any] = {"index.knn": True}

    def dense_field(self, dimensions: int) -> dict[str, Any]:
        """HNSW by Lucene: the other engines are separate libraries with limits of their own.

        Cosine would divide by the lengths of the vectors, which float16 makes differ from 1 by 5e-5.
        """
        method = {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"}
        return {"type": "knn_vector", "dimension": dimensions, "method": method}

    def sparse_field(self) -> dict[str, Any]:
        """Weights by term, above 0."""
        return {"type": "rank_features"}

    def dense_query(self, vector: Sequence[float], depth: int) -> dict[str, Any]:
        """Body of a k-nearest-neighbour search; its scores are Lucene's of an inner product."""
        return {"query": {"knn": {"vector": {"vector": list(vector), "k": depth}}}}

    def similarity(self, scores: Scores) -> Scores:
        """(1 + product) / 2 of dense scores: Lucene gives 1 + product, below 0 it gives 1 / (1 - product)."""
        exact = scores.astype(np.float64)
        product = np.where(exact >= 1, exact - 1, 1 - 1 / np.maximum(exact, 1e-9))
        return np.asarray((1 + product) / 2, dtype=np.float32)

    def sparse_query(self, weights: Mapping[str, float]) -> dict[str, Any]:
        """Body of a sparse search with the query's weights given: no model on the server."""
        return {"query": {"neural_sparse": {"sparse": {"query_tokens": dict(weights)}}}}
