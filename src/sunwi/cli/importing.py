"""`sunwi import FORMAT ...`: a corpus in one of the field's formats becomes the pipeline's source folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from sunwi.cli.import_documents import import_folder
from sunwi.cli.importing_project import DEFAULT_OUT, PARAMS, errors_to_stderr, read_project, set_params
from sunwi.errors import DataError, printable

if TYPE_CHECKING:
    from sunwi.corpus.importing import ImportReport


def _option(name: str, kind: Any, default: Any, help: str) -> Parameter:
    annotation = Annotated[kind, typer.Option(f"--{name.replace('_', '-')}", help=help)]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_OPTIONS = (
    _option("out", Path, DEFAULT_OUT, "Source folder to write; params.yaml is set to it."),
    _option(
        "force", bool, False, "Overwrite files that no import wrote, or that were edited since; names them."
    ),
    _option("keep_provider", bool, False, "Leave qa.provider, also where the corpus brings given questions."),
)


class _Formats(TyperGroup):
    """A command for each importer, made when it is asked for: other commands load none of them.

    Beside them `folder`, which reads documents.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        from sunwi.corpus.importer import IMPORTERS

        return sorted([*IMPORTERS.names, *super().list_commands(ctx)])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # the group's own or one of typer's
        from sunwi.corpus.importer import IMPORTERS

        return _command(cmd_name) if cmd_name in IMPORTERS.names else super().get_command(ctx, cmd_name)


import_app = typer.Typer(
    cls=_Formats,
    help="Import a corpus, and queries if there are any, into the pipeline.",
    no_args_is_help=True,
)


@import_app.callback()
def _formats() -> None:
    pass


import_app.command("folder")(import_folder)


def _command(name: str) -> TyperCommand:
    """`sunwi import NAME`, with the reader's parameters and the folder to write."""
    from sunwi.corpus.importer import IMPORTERS

    importer = IMPORTERS.load(name)

    def run(out: Path, force: bool, keep_provider: bool, **inputs: Any) -> None:
        _import(name, out, force, keep_provider, inputs)

    # typer reads this in place of the function's own
    run.__signature__ = Signature([*_parameters(name, importer.read), *_OPTIONS])  # type: ignore[attr-defined]
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
    for parameter in signature(read).parameters.values():
        hint = hints[parameter.name]
        kind, *texts = get_args(hint) if get_origin(hint) is Annotated else (None,)
        if len(texts) != 1 or not isinstance(texts[0], str):
            what = f"the importer {name} has a parameter {parameter.name!r} without help"
            raise DataError(what, 'annotate it: Annotated[TYPE, "what it is"]')
        option = parameter.kind is Parameter.KEYWORD_ONLY
        info = typer.Option(help=texts[0]) if option else typer.Argument(help=texts[0])
        yield parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=Annotated[kind, info])


def _import(format: str, out: Path, force: bool, keep_provider: bool, inputs: dict[str, Any]) -> None:
    from sunwi.corpus.importer import IMPORTERS
    from sunwi.corpus.importing import import_source

    with errors_to_stderr():
        # Before the import, so that a broken params.yaml stops it before anything is written.
        project = read_project(PARAMS) if PARAMS.exists() else None
        notes: list[str] = []

        def finish(report: ImportReport) -> None:
            if project is not None:
                same = IMPORTERS.load(format).same_corpus
                notes.extend(set_params(project, report, keep_provider=keep_provider, same_corpus=same))

        def notify(message: str) -> None:
            typer.echo(printable(message), err=True)

        report = import_source(format, out, force=force, notify=notify, finish=finish, **inputs)
        _print(report, notes, in_project=project is not None)


def _print(report: ImportReport, notes: list[str], *, in_project: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = Table(title=Text(printable(f"{report.format} -> {report.out}")), title_justify="left")
    lines.add_column("rows")
    lines.add_column("count", justify="right")
    for name, count in (report.counts | report.counted).items():
        lines.add_row(Text(printable(name)), f"{count:,}")
    for name, encoding in report.encodings.items():
        if encoding != "utf-8":
            lines.add_row(Text(printable(f"{name}, read as")), encoding)
    console = Console(highlight=False)
    console.print(lines)
    for note in notes:
        console.print(printable(f"{PARAMS}: {note}"), markup=False, soft_wrap=True)
    if not report.counts["queries"] and not report.counts["dev queries"]:
        console.print("There are no queries. After make repro judge some: sunwi judge pool --queries FILE")
    if in_project:
        console.print("Next: make repro")
        return
    provider = " and qa.provider to given" if report.counts["given questions"] else ""
    step = f"Next: set data.source to {report.out.as_posix()}{provider} in {PARAMS} and run make repro"
    console.print(printable(step), markup=False, soft_wrap=True)
