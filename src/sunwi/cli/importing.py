"""`sunwi import FORMAT ...`: a corpus in one of the field's formats becomes the pipeline's source folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sunwi.errors import ParamsError, SunwiError

if TYPE_CHECKING:
    from sunwi.cli.params_file import YamlFile
    from sunwi.corpus.importing import ImportReport

PARAMS = Path("params.yaml")
DEFAULT_OUT = Path("data/raw")

import_app = typer.Typer(
    help="Import a corpus, and queries if there are any, into the pipeline.", no_args_is_help=True
)
Out = Annotated[Path, typer.Option(help="Source folder to write; params.yaml is set to it.")]


@import_app.command()
def competition(
    documents: Annotated[Path, typer.Option(help="JSON lines: docid, content[, src][, title].")],
    *,
    queries: Annotated[Path | None, typer.Option(help="JSON lines: eval_id, msg.")] = None,
    qrels: Annotated[Path | None, typer.Option(help="TREC judgements of the queries.")] = None,
    questions: Annotated[Path | None, typer.Option(help="JSON lines: docid, question[, source].")] = None,
    dev_queries: Annotated[Path | None, typer.Option(help="Natural dev queries, as --queries.")] = None,
    dev_qrels: Annotated[Path | None, typer.Option(help="TREC judgements of the dev queries.")] = None,
    out: Out = DEFAULT_OUT,
) -> None:
    """Documents and dialogues of the scientific QA competition."""
    _import(
        "competition",
        out,
        documents=documents,
        queries=queries,
        qrels=qrels,
        questions=questions,
        dev_queries=dev_queries,
        dev_qrels=dev_qrels,
    )


@import_app.command()
def beir(
    folder: Annotated[Path, typer.Argument(help="Folder of corpus.jsonl, queries.jsonl and qrels/*.tsv.")],
    out: Out = DEFAULT_OUT,
) -> None:
    """A BEIR folder: test is evaluated, dev is the dev set, train gives questions to train on."""
    _import("beir", out, folder=folder)


@import_app.command()
def squad(
    files: Annotated[list[Path], typer.Argument(help="JSON files of one set.")],
    tune_share: Annotated[
        float, typer.Option(help="Share of the articles whose questions are for training, 0 to 1.")
    ] = 0.0,
    out: Out = DEFAULT_OUT,
) -> None:
    """KorQuAD 1.0, KLUE-MRC or AI-Hub's reading comprehension sets (finance and law among them)."""
    _import("squad", out, files=files, tune_share=tune_share)


@import_app.command()
def table(
    file: Annotated[Path, typer.Argument(help=".csv, .tsv, .parquet, or plain text.")],
    *,
    content: Annotated[str, typer.Option(help="Column of the passages.")] = "content",
    docid: Annotated[str | None, typer.Option(help="Column of the ids; else made from the content.")] = None,
    title: Annotated[str | None, typer.Option(help="Column of the titles.")] = None,
    src: Annotated[str | None, typer.Option(help="Column that says where a passage is from.")] = None,
    out: Out = DEFAULT_OUT,
) -> None:
    """Passages of a table, or of a text with one a line or empty lines between them."""
    _import("table", out, file=file, content=content, docid=docid, title=title, src=src)


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
