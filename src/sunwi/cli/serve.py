"""`sunwi serve` and `sunwi judge`: the built project's search page, judging desk and API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError

if TYPE_CHECKING:
    from sunwi.serve.engine import Engine

PORT = 8756


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to bind; others than 127.0.0.1 need a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0: a free one.")] = PORT,
    llm: Annotated[bool, typer.Option("--llm", help="Let variants ask the LLM of section llm.")] = False,
    budget: Annotated[
        float | None, typer.Option(help="Cost of the LLM at most, while the server runs.")
    ] = None,
    mcp: Annotated[bool, typer.Option("--mcp", help="Answer the Model Context Protocol at /mcp.")] = False,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Answer that protocol on stdin and stdout, without a port.")
    ] = False,
) -> None:
    """Serve the built project: search page, judging desk, and an API for embeddings and reranking."""
    require("fastapi", "serve")
    if mcp or stdio:
        require("mcp", "mcp")
    engine = make_engine(llm=llm, budget=budget)
    if stdio:
        from sunwi.serve.protocol import protocol_server

        protocol_server(engine).run("stdio")
        return
    run_server(engine, host, port, mcp=mcp)


def require(module: str, extra: str) -> None:
    """Raise `DataError` with the extra to install if a module is missing."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise DataError(f"the package {module} is not installed", f"pip install 'sunwi[{extra}]'")


def make_engine(*, llm: bool = False, budget: float | None = None) -> Engine:
    """The engine over the project in this folder.

    Raises
    ------
    DataError
        If nothing is built yet, or the LLM is to be asked without a budget.
    """
    from sunwi.paths import PREPARED
    from sunwi.serve.engine import Engine
    from sunwi.workspace.base import Workspace

    workspace = Workspace()
    if not (workspace.path(PREPARED) / "corpus.jsonl").exists():
        raise DataError(f"there is no {PREPARED}/corpus.jsonl", "build the project first: make repro")
    client = None
    if llm:
        from sunwi.llm.client import LlmClient
        from sunwi.params.loading import load_params

        settings = load_params().llm
        limit = settings.budget if budget is None else budget
        if limit is None:
            raise DataError("--llm needs a budget", "run again with --budget 1.0, or set llm.budget")
        client = LlmClient(settings.model_copy(update={"budget": limit}))
    elif budget is not None:
        raise DataError("--budget is of the LLM, which is not asked", "add --llm, or leave out --budget")
    return Engine(workspace, client)


def run_server(engine: Engine, host: str, port: int, *, mcp: bool = False, page: str = "/") -> None:
    """Load the models, then serve until Ctrl+C."""
    import socket

    import uvicorn

    from sunwi.serve.access import TOKEN_NAME, Access
    from sunwi.serve.app import make_app

    access = Access(host, os.environ.get(TOKEN_NAME) or None)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
        except OSError as error:
            what = f"port {port} of {host} cannot be used: {error.strerror}"
            raise DataError(what, "run again with another --port (0 takes a free one)") from None
        for state in engine.variants.values():
            if not state.ready:
                echo(f"{state.name} cannot answer: {state.why}. Next: {state.command}", err=True)
        echo("loading the models ...", err=True)
        engine.warm()
        shown = f"[{host}]" if ":" in host else host
        echo(f"http://{shown}:{bound.getsockname()[1]}{page}  (Ctrl+C ends it)")
        app = make_app(engine, access, mcp=mcp)
        config = uvicorn.Config(app, log_level="warning", server_header=False, access_log=False)
        uvicorn.Server(config).run(sockets=[bound])
