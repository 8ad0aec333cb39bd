"""Section search."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from sunwi.params.section import Section


class SearchParams(Section):
    """Where search runs: in this process, or on a server that the user runs.

    Addresses and keys are no parameters: they come from the environment (docs/search_servers.md).
    """

    engine: Literal["local", "elasticsearch", "opensearch"] = "local"
    """Where search runs: local, or a server that the environment names (docs/search_servers.md)."""
    index: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")] = "sunwi"
    """Alias of the index on the server."""
    analyzer: Literal["auto", "nori", "terms"] = "auto"
    """auto: sunwi's own terms (docs/search_servers.md says why); nori: the server analyses."""
    depth: Annotated[int, Field(ge=1, le=10_000)] = 1000
    """Hits of a query; servers give 10,000 at most."""
    bulk_documents: PositiveInt = 500
    """Documents a bulk request."""
    max_tries: PositiveInt = 5
    """Tries of a request."""
    timeout: PositiveFloat = 30.0
    """Seconds to wait for one request."""
    keep_indexes: bool = True
    """Keep built indexes beside the row caches: a stage reads what an earlier one built."""
