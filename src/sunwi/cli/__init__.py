"""The command line, one command a file; what is heavy is imported by the command that needs it."""

from __future__ import annotations

from typing import Annotated

import typer

from sunwi import __version__
from sunwi.cli import (
    cache,
    check,
    diff,
    doctor,
    estimate,
    graph,
    grid,
    importing,
    index,
    inspect,
    params,
    push,
    recipe,
    scores,
    search,
    validate,
)
from sunwi.errors import SunwiError

app = typer.Typer(
    name="sunwi",
    help="From a Korean corpus to tuned retrieval models and a scored submission.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: half the start-up time, and it reads the same in a log
    pretty_exceptions_enable=False,
)
app.add_typer(importing.import_app, name="import")
app.add_typer(cache.cache_app, name="cache")
app.command("recipe")(recipe.recipe)
app.command("params")(params.params)
app.command("search")(search.search)
app.command("index")(index.index)
app.command("inspect")(inspect.inspect)
app.command("scores")(scores.scores)
app.command("estimate")(estimate.estimate)
app.command("check")(check.check)
app.command("push")(push.push)
app.command("validate")(validate.validate)
app.command("diff")(diff.diff)
app.command("graph")(graph.graph)
app.command("grid")(grid.grid)
app.command("doctor")(doctor.doctor)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"sunwi {__version__}")
        raise typer.Exit


@app.callback()
def _sunwi(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an error that the user can act on is printed without a traceback, exit code 1."""
    try:
        app()
    except SunwiError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from None
