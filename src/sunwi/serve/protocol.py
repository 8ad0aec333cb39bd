"""The Model Context Protocol: an assistant searches and reads passages, over HTTP or stdio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from sunwi.serve.access import Access
from sunwi.serve.engine import Engine
from sunwi.serve.search_routes import answer, passage

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer
    from starlette.applications import Starlette

EXCERPT = 600  # characters of a passage in search results; read_passage gives all


def protocol_server(engine: Engine) -> MCPServer:
    """The tools `search` and `read_passage`."""
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("sunwi", instructions="Search a Korean corpus; read a passage in full by its docid.")

    @server.tool()
    async def search(
        query: Annotated[str, Field(min_length=1, max_length=4000)],
        k: Annotated[int, Field(ge=1, le=20)] = 5,
        variant: str | None = None,
    ) -> dict[str, Any]:
        """Passages that answer a question, best first, each with its docid and beginning."""
        found = await answer(engine, query, variant, k, matches=False)
        results = [
            {
                "docid": row["docid"],
                "title": row["title"],
                "score": row["score"],
                "text": row["text"][:EXCERPT],
            }
            for row in found["results"]
        ]
        return {"variant": found["variant"], "results": results}

    @server.tool()
    async def read_passage(docid: str) -> dict[str, Any]:
        """One passage in full, by the docid that a search gave."""
        return passage(engine, docid)

    return server


def protocol_app(server: MCPServer, access: Access) -> Starlette:
    """The HTTP side under /mcp; host names are checked by `Guard`, as for every other path."""
    from mcp.server.transport_security import TransportSecuritySettings

    return server.streamable_http_app(
        streamable_http_path="/mcp",
        json_response=True,
        stateless_http=True,
        max_request_body_size=access.body_limit,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
