"""`sunwi import FORMAT ...`: a corpus in one of the field's formats becomes the pipeline's source folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from sunwi.errors import DataError, ParamsError, SunwiError

if TYPE_CHECKING:
    from sunwi.cli.params_file import YamlFile
    from sunwi.corpus.importing import ImportReport

PARAMS = Path("params.yaml")
DEFAULT_OUT = Path("data/raw")


class _Formats(TyperGroup):
    """A command for each importer, made when it is asked for: other commands load none of them."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  the signature of a group
        from sunwi.corpus.importer import IMPORTERS

        return IMPORTERS.names

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        return _command(cmd_name) if cmd_name in self.list_commands(ctx) else None


import_app = typer.Typer(
    cls=_Formats,
    help="Import a corpus, and queries if there are any, into the pipeline.",
    no_args_is_help=True,
)


@import_app.callback()
def _formats() -> None:
    pass


def _command(name: str) -> TyperCommand:
    """`sunwi import NAME`, with the reader's parameters and the folder to write."""
    from sunwi.corpus.importer import IMPORTERS

    importer = IMPORTERS.load(name)

    def run(out: Path, **inputs: Any) -> None:
        _import(name, out, **inputs)

    folder = Annotated[Path, typer.Option(help="Source folder to write; params.yaml is set to it.")]
    out = Parameter("out", Parameter.KEYWORD_ONLY, default=DEFAULT_OUT, annotation=folder)
    # typer reads this in place of the function's own
    run.__signature__ = Signature([*_parameters(name, importer.read), out])  # type: ignore[attr-defined]
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, help=importer.help)(run)
    command = typer.main.get_command(app)
    assert isinstance(command, TyperCommand)  # an app of one command is that command
    return command


def _parameters(name: str, read: Callable[..., Any]) -> Iterator[Parameter]:
    """A reader's parameters as typer takes them.

    Raises
    ------
    DataError
        If one has no help.
    """
    hints = get_type_hints(read, include_extras=True)
    for one in signature(read).parameters.values():
        kind, *texts = get_args(hints[one.name]) if get_origin(hints[one.name]) is Annotated else (None,)
        if len(texts) != 1 or not isinstance(texts[0], str):
            what = f"the importer {name} has a parameter {one.name!r} without help"
            raise DataError(what, 'annotate it: Annotated[TYPE, "what it is"]')
        option = one.kind is Parameter.KEYWORD_ONLY
        info = typer.Option(help=texts[0]) if option else typer.Argument(help=texts[0])
        yield one.replace(kind=Parameter.KEYWORD_ONLY, annotation=Annotated[kind, info])


def _import(format: str, out: Path, **inputs: Any) -> None:
    from sunwi.corpus.importing import import_source

    with _errors_to_stderr():
        # Before the import, so that a broken params.yaml stops it before anything is written.
        project = _read_params(PARAMS) if PARAMS.exists() else None
        report = import_source(format, out, **inputs)
        if project is not None:
            _set_source(project, out)
        _print(report, in_project=project is not None)


@contextmanager
def _errors_to_stderr() -> Iterator[None]:
    try:
        yield
    except SunwiError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _read_params(path: Path) -> YamlFile:
    """params.yaml with its comments; checked before the import, so that nothing is written for nothing."""
    from sunwi.cli.params_file import read_yaml

    params = read_yaml(path)
    if not isinstance(params.content.get("data", {}), dict):
        raise ParamsError(path, ["expected `data:` with the key `source` below it"])
    return params


def _set_source(params: YamlFile, folder: Path) -> None:
    """Set data.source; an equal value writes nothing."""
    from sunwi.runtime import atomic_write

    data = params.content.setdefault("data", {})
    if data.get("source") == folder.as_posix():
        return
    data["source"] = folder.as_posix()
    with atomic_write(params.path) as out:
        out.write(params.text())


def _print(report: ImportReport, *, in_project: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    lines = Table(title=f"{report.format} -> {report.out}", title_justify="left")
    lines.add_column("rows")
    lines.add_column("count", justify="right")
    for name, count in (report.counts | report.counted).items():
        lines.add_row(name, f"{count:,}")
    for name, encoding in report.encodings.items():
        if encoding != "utf-8":
            lines.add_row(f"{name}, read as", encoding)
    console = Console(highlight=False)
    console.print(lines)
    if in_project:
        console.print(f"{PARAMS}: data.source is {report.out.as_posix()}\nNext: make repro")
    else:
        console.print(f"Next: set data.source to {report.out.as_posix()} in {PARAMS} and run make repro")
