"""The command line, one command a file; what is heavy is imported by the command that needs it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from sunwi import __version__
from sunwi.cli import (
    cache,
    check,
    diff,
    doctor,
    dvc,
    estimate,
    evaluate,
    export,
    graph,
    grid,
    importing,
    index,
    inspect,
    judge,
    node,
    params,
    push,
    recipe,
    scores,
    search,
    serve,
    validate,
)
from sunwi.cli.query_text import QueryCommand
from sunwi.cli.terminal import echo
from sunwi.errors import DataError
from sunwi.runtime import let_idle_threads_sleep
from sunwi.system_errors import reported

PARAMS = "params.yaml"
ANYWHERE = (
    "--version",
    "cache",
    "doctor",
    "node",
)  # these need no params.yaml, or say themselves where it should be

USAGE_ERROR: Any = typer.BadParameter.__mro__[2]  # ClickException, typer's own or of the package click

app = typer.Typer(
    name="sunwi",
    help="From a Korean corpus to tuned retrieval models and a scored submission.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: half the start-up time, and it reads the same in a log
    pretty_exceptions_enable=False,
)
app.add_typer(importing.import_app, name="import")
app.add_typer(cache.cache_app, name="cache")
app.add_typer(node.node_app, name="node")
app.add_typer(judge.judge_app, name="judge")
app.command("recipe")(recipe.recipe)
app.command("params")(params.params)
app.command("search", cls=QueryCommand)(search.search)
app.command("serve")(serve.serve)
app.command("index")(index.index)
app.command("inspect")(inspect.inspect)
app.command("scores")(scores.scores)
app.command("estimate")(estimate.estimate)
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export)
app.command("check")(check.check)
app.command("push")(push.push)
app.command("validate")(validate.validate)
app.command("diff")(diff.diff)
app.command("graph")(graph.graph)
app.command("grid")(grid.grid)
app.command("doctor")(doctor.doctor)
app.command("dvc", context_settings=dvc.SETTINGS)(dvc.dvc)


def _print_version(requested: bool) -> None:
    if requested:
        echo(f"sunwi {__version__}")
        raise typer.Exit


@app.callback()
def _sunwi(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def require_project_folder(arguments: Sequence[str]) -> None:
    """Refuse to run a command inside a project's subfolder: files are looked for, and written, from here.

    Raises
    ------
    DataError
        Naming the folder above that has the params.yaml.
    """
    here = Path.cwd()
    if "--help" in arguments or not arguments or arguments[0] in ANYWHERE or (here / PARAMS).exists():
        return
    above = next((folder for folder in here.parents if (folder / PARAMS).exists()), None)
    if above is not None:
        project = os.path.relpath(above, here)
        what = f"the project's folder is {project} (it has the {PARAMS}), and this is a folder inside it"
        raise DataError(what, f"`cd {project}`, run the command there and name paths from there")


def main() -> None:
    """Run the command line; an error that the user can act on is printed without a traceback, exit code 1."""
    let_idle_threads_sleep()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal in another encoding than UTF-8
    with reported():
        require_project_folder(sys.argv[1:])
        try:
            code = app(standalone_mode=False)
        except USAGE_ERROR as error:  # it quotes the arguments
            text = io.StringIO()
            error.show(text)
            echo(text.getvalue().rstrip("\n"), err=True)
            code = error.exit_code
        except typer.Abort:
            echo("Stopped: no answer came on stdin.", err=True)
            code = 1
    raise SystemExit(code)
