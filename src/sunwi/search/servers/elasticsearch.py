"""Elasticsearch 8.15 and later: transport of elasticsearch-py, field types and queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from sunwi.errors import EngineError
from sunwi.search.retrievers.base import Scores
from sunwi.search.servers.access import Access
from sunwi.search.servers.server import Answer, answered, check_login, no_json, reason_of, unreachable

JSON = "application/vnd.elasticsearch+json; compatible-with=8"  # understood by 8.x and 9.x
OTHER_VERSION = ("compatible-with", "media_type_header_exception")  # what servers say of its number
NDJSON = "application/vnd.elasticsearch+x-ndjson; compatible-with=8"
MINIMUM = (8, 15)  # the sparse_vector query with weights given


class Elasticsearch:
    """A server that speaks Elasticsearch's API."""

    engine = "elasticsearch"

    def __init__(self, access: Access, timeout: float) -> None:
        try:
            from elasticsearch import Elasticsearch as Client
        except ImportError as error:
            raise EngineError(
                self.engine, "its client is not installed", "pip install 'sunwi[elasticsearch]'"
            ) from error
        if version("elasticsearch").split(".")[0] == "7":
            what = f"its client has version {version('elasticsearch')}, expected 8.15 or later"
            raise EngineError(self.engine, what, "pip install 'sunwi[elasticsearch]'")
        self.url = access.url
        self._access = access
        self._client = Client(
            access.url,
            api_key=access.api_key,
            basic_auth=None if access.api_key else access.login,
            ca_certs=access.ca_certs,
            request_timeout=timeout,
            max_retries=0,  # retries are ours, and counted
        )

    def send(
        self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        """One request (see `Server`)."""
        from elasticsearch import ApiError, SerializationError, TransportError, UnsupportedProductError

        # The client writes its own major version into plain JSON types, which an older server refuses.
        kind = NDJSON if isinstance(body, bytes) else JSON
        headers = {"accept": JSON, "content-type": kind}
        try:
            response = self._client.perform_request(
                method, path, params=dict(params or {}), headers=headers, body=body
            )
            return answered(self._access, response.meta.status, getattr(response, "body", None))
        except UnsupportedProductError as error:
            what = f"{self.url} is no Elasticsearch"
            raise EngineError(self.engine, what, "for OpenSearch set search.engine: opensearch") from error
        except ApiError as error:
            answer = answered(self._access, error.meta.status, error.body)
            check_login(self.engine, answer)
            reason = reason_of(answer.body)
            if answer.status == 400 and any(word in reason for word in OTHER_VERSION):
                what = f"the server does not take requests of version 8: {reason}"
                raise EngineError(
                    self.engine, what, "use Elasticsearch 8.15 to 9, or a newer sunwi"
                ) from error
            return answer
        except SerializationError as error:
            raise no_json(self.engine, self.url) from error
        except TransportError as error:
            raise unreachable(self.engine, self.url, error) from error


class ElasticsearchDialect:
    """Elasticsearch's names of things."""

    minimum = MINIMUM
    settings: Mapping[str, Any] = {}

    def dense_field(self, dimensions: int) -> dict[str, Any]:
        """Named in full: the default type quantises, and has changed between versions."""
        return {
            "type": "dense_vector",
            "dims": dimensions,
            "index": True,
            "similarity": "cosine",
            "index_options": {"type": "hnsw"},
        }

    def sparse_field(self) -> dict[str, Any]:
        """Weights by term."""
        return {"type": "sparse_vector"}

    def dense_query(self, vector: Sequence[float], depth: int) -> dict[str, Any]:
        """Body of a k-nearest-neighbour search; its scores are (1 + product) / 2 of unit vectors."""
        knn = {
            "field": "vector",
            "query_vector": list(vector),
            "k": depth,
            "num_candidates": min(10_000, 2 * depth),
        }
        return {"knn": knn}

    def similarity(self, scores: Scores) -> Scores:
        """(1 + product) / 2 of dense scores."""
        return scores

    def sparse_query(self, weights: Mapping[str, float]) -> dict[str, Any]:
        """Body of a sparse search by exact dot products: pruning is on by default in late 8.x."""
        return {
            "query": {"sparse_vector": {"field": "sparse", "query_vector": dict(weights), "prune": False}}
        }
