"""From parameters and environment to a server with its dialect."""

from __future__ import annotations

from collections.abc import Mapping

from sunwi.search.servers.access import EngineName, access_of
from sunwi.search.servers.elasticsearch import Elasticsearch, ElasticsearchDialect
from sunwi.search.servers.index import Dialect
from sunwi.search.servers.opensearch import OpenSearch, OpenSearchDialect
from sunwi.search.servers.server import Server

ENGINES: dict[
    str, tuple[type[Elasticsearch | OpenSearch], type[ElasticsearchDialect | OpenSearchDialect]]
] = {
    "elasticsearch": (Elasticsearch, ElasticsearchDialect),
    "opensearch": (OpenSearch, OpenSearchDialect),
}


def connect(
    engine: EngineName, timeout: float, environment: Mapping[str, str] | None = None
) -> tuple[Server, Dialect]:
    """A server that the environment names; nothing is sent yet.

    Raises
    ------
    EngineError
        If the address or the client is missing.
    """
    server, dialect = ENGINES[engine]
    return server(access_of(engine, environment), timeout), dialect()
