"""`sunwi node`: a real OpenSearch or Elasticsearch on this machine, without docker."""

from __future__ import annotations

import shutil
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import EngineError

if TYPE_CHECKING:
    from sunwi.nodes.process import Running

node_app = typer.Typer(
    help="Start and stop search servers on this machine (development and tests).", no_args_is_help=True
)
Name = Annotated[str | None, typer.Argument(help="The node's name.", show_default="the only one")]


class NodeEngine(StrEnum):
    """The server's kind."""

    OPENSEARCH = "opensearch"
    ELASTICSEARCH = "elasticsearch"


@node_app.command()
def start(
    *,
    engine: Annotated[NodeEngine, typer.Option(help="Which server.")] = NodeEngine.OPENSEARCH,
    version: Annotated[str | None, typer.Option(help="Its version.", show_default="the newest")] = None,
    name: Annotated[str | None, typer.Option(show_default="ENGINE-VERSION")] = None,
    heap: Annotated[
        str | None, typer.Option(help="Memory of the Java heap.", show_default="1g, 3g with --ml")
    ] = None,
    nodes: Annotated[int, typer.Option(min=1, max=5, help="Nodes of the cluster.")] = 1,
    ml: Annotated[bool, typer.Option("--ml", help="ML Commons with libtorch, 850 MB (OpenSearch).")] = False,
    secure: Annotated[
        bool, typer.Option("--secure", help="TLS and users, by the plugin opensearch-security.")
    ] = False,
) -> None:
    """Assemble a server from Maven artifacts, start it on a free port of this machine, print its address.

    The artifacts come from the repository of SUNWI_MAVEN_REPOSITORY, or by Maven with your settings.
    """
    from sunwi.nodes.process import start as start_node

    found = start_node(
        engine.value,
        version,
        lambda line: echo(line, err=True),
        name=name,
        heap=heap,
        nodes=nodes,
        ml=ml,
        secure=secure,
    )
    echo(found.export)
    if secure:
        from sunwi.nodes.security import export_lines

        for line in export_lines(found.folder):
            echo(line)


@node_app.command()
def status() -> None:
    """Name, version, address and processes of the nodes; exit code 1 if one was ended from outside."""
    from sunwi.nodes.process import known

    ended = False
    for each in known():
        alive = each.alive()
        ended |= not all(alive)
        for url, pid, runs in zip(each.urls, each.pids, alive, strict=True):
            state = "runs" if runs else "ended from outside (sunwi node start starts it again)"
            echo(f"{each.name}  {each.engine} {each.version}  {url}  process {pid}  {state}")
    if not known():
        echo("no node was started; sunwi node start starts one", err=True)
    raise typer.Exit(1 if ended else 0)


@node_app.command()
def stop(
    name: Name = None,
    *,
    delete: Annotated[bool, typer.Option("--delete", help="Delete its data and log too.")] = False,
) -> None:
    """Stop a node by its process; its data stays for the next start."""
    from sunwi.nodes.process import end, left_behind

    if delete and name is not None and (folder := left_behind(name)) is not None:
        shutil.rmtree(folder)
        echo(f"the data of {name} is deleted")
        return
    found = _named(name)
    end(found, delete=delete)
    echo(f"{found.name} is stopped{', its data is deleted' if delete else ''}")


@node_app.command()
def log(name: Name = None, *, lines: Annotated[int, typer.Option("--lines", "-n", min=1)] = 50) -> None:
    """The last lines of a node's log."""
    found = _named(name)
    for number in range(1, len(found.pids) + 1):
        file = found.folder / str(number) / "log.txt"
        echo(f"# {file}", err=True)
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]:
            echo(line)


def _named(name: str | None) -> Running:
    from sunwi.nodes.process import known

    nodes = known()
    chosen = [each for each in nodes if name in {None, each.name}]
    if len(chosen) == 1:
        return chosen[0]
    have = ", ".join(each.name for each in nodes) or "none"
    what = f"expected the name of a running node, found {name or 'no name'} (there are: {have})"
    raise EngineError("node", what, "see sunwi node status")
