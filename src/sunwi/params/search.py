"""Section search."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from sunwi.params.section import PositiveFloat, Section


class SearchParams(Section):
    """Where search runs: in this process, or on a server that the user runs.

    Addresses and keys are no parameters: they come from the environment (docs/search_servers.md).
    """

    engine: Literal["local", "elasticsearch", "opensearch"] = "local"
    index: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")] = (
        "sunwi"  # the alias; versions stand behind it
    )
    analyzer: Literal["auto", "nori", "terms"] = (
        "auto"  # auto: nori where the server has it, else Kiwi's terms
    )
    depth: Annotated[int, Field(ge=1, le=10_000)] = 1000  # hits of a query; servers give 10,000 at most
    bulk_documents: PositiveInt = 500
    max_tries: PositiveInt = 5
    timeout: PositiveFloat = 30.0  # seconds a request
    keep_indexes: bool = False  # keep built BM25 and approximate indexes beside the row caches
