"""The server's application: routes, pages and guards over one project."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from sunwi import __version__
from sunwi.serve.access import Access, Guard
from sunwi.serve.desk_routes import desk_routes
from sunwi.serve.embedding_routes import embedding_routes
from sunwi.serve.engine import Engine
from sunwi.serve.pages import page_routes
from sunwi.serve.problems import add_handlers
from sunwi.serve.rerank_routes import rerank_routes
from sunwi.serve.search_routes import search_routes


def make_app(engine: Engine, access: Access, *, mcp: bool = False) -> FastAPI:
    """The application; the engine's thread ends with it.

    Parameters
    ----------
    mcp
        Whether /mcp answers the Model Context Protocol (needs the extra `mcp`).
    """
    protocol = None
    if mcp:
        from sunwi.serve.protocol import protocol_app, protocol_server

        protocol = protocol_app(protocol_server(engine), access)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if protocol is not None:
                await stack.enter_async_context(protocol.router.lifespan_context(protocol))
            yield
        engine.joiner.close()

    app = FastAPI(
        title="sunwi", version=__version__, docs_url=None, redoc_url=None, lifespan=life,
        description="Search, embeddings and reranking by the models of one project.",
    )  # fmt: skip
    add_handlers(app)

    @app.get("/healthz", tags=["server"])
    async def health() -> dict[str, Any]:
        """Whether the server answers, and how many requests were answered together."""
        joiner = engine.joiner
        return {"status": "ok", "version": __version__, "batches": joiner.batches, "joined": joiner.joined}

    for router in (
        search_routes(engine),
        embedding_routes(engine),
        rerank_routes(engine),
        desk_routes(engine),
    ):
        app.include_router(router)
    app.include_router(page_routes(app, engine, access))
    if protocol is not None:
        app.router.routes.extend(protocol.routes)
    app.add_middleware(Guard, access=access)
    return app
