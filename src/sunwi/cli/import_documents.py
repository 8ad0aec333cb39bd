"""`sunwi import folder PATH...`: documents as people have them become the pipeline's source folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.importing_project import DEFAULT_OUT, PARAMS, errors_to_stderr, read_project, set_params
from sunwi.cli.terminal import echo
from sunwi.errors import DataError

if TYPE_CHECKING:
    from sunwi.corpus.draft import Draft
    from sunwi.corpus.importing import ImportReport
    from sunwi.documents.blocks import ReadDocument
    from sunwi.documents.reading import ReadingOptions, UnreadFile
    from sunwi.params.corpus import CorpusParams


class Keep(StrEnum):
    """Which of several versions of one document are taken."""

    ALL = "all"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    paths: list[Path]
    globs: list[str]
    keep: Keep
    strict: bool
    options: ReadingOptions
    corpus: CorpusParams


def import_folder(
    paths: Annotated[list[Path], typer.Argument(help="Folders and files: HWP, PDF, Word, HTML, zip ...")],
    *,
    glob: Annotated[list[str], typer.Option(help="Only paths like this, as in .gitignore; repeatable.")] = [],  # noqa: B006  typer copies it
    keep: Annotated[
        Keep, typer.Option(help="Of several versions of one document: all or the newest.")
    ] = Keep.ALL,
    strict: Annotated[bool, typer.Option("--strict", help="Stop if a file could not be read.")] = False,
    ocr: Annotated[bool, typer.Option("--ocr", help="Read scanned pages (tesseract with kor).")] = False,
    out: Annotated[
        Path, typer.Option(help="Source folder to write; params.yaml is set to it.")
    ] = DEFAULT_OUT,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that no import wrote.")] = False,
    keep_provider: Annotated[bool, typer.Option("--keep-provider", help="Leave qa.provider.")] = False,
) -> None:
    """Documents of folders: HWP, HWPX, PDF, Word, PowerPoint, Excel, HTML, Markdown, text."""
    with errors_to_stderr():
        from sunwi.corpus.importing import import_draft

        project = read_project(PARAMS) if PARAMS.exists() else None
        request = _request(paths, glob, keep, strict=strict, ocr=ocr)
        notes: list[str] = []

        def finish(report: ImportReport) -> None:
            if project is not None:
                notes.extend(set_params(project, report, keep_provider=keep_provider))

        def notify(message: str) -> None:
            echo(message, err=True)

        report = import_draft(
            "folder", out, lambda: read_passages(request), paths, force=force, notify=notify, finish=finish
        )
        echo(f"{report.counts['documents']:,} passages -> {report.out}")
        for reason, count in report.counted.items():
            echo(f"{reason}: {count:,}")
        for note in notes:
            echo(f"{PARAMS}: {note}")
        _print_next(report, paths, in_project=project is not None)


def _request(paths: list[Path], globs: list[str], keep: Keep, *, strict: bool, ocr: bool) -> Request:
    from sunwi.params.loading import load_params
    from sunwi.params.whole import Params
    from sunwi.workspace.reading import reading_options

    params = load_params() if PARAMS.exists() else Params()
    options = reading_options(params.documents.model_copy(update={"ocr": ocr or params.documents.ocr}))
    return Request(paths, globs, keep, strict, options, params.corpus)


def read_passages(request: Request) -> Draft:
    """Read and cut the files, and print what became of each.

    Raises
    ------
    DataError
        If no file gave a document; with `strict`, if one did not.
    """
    from sunwi.cli.file_table import FileRow, print_files
    from sunwi.corpus.draft import Draft
    from sunwi.corpus.source import placed_passages
    from sunwi.documents.passages.cutting import cut_documents
    from sunwi.models.token_counts import token_counter
    from sunwi.progress import progress
    from sunwi.workspace.documents import passage_settings

    documents, unread = _read(request)
    draft = Draft()
    rows = []
    settings = passage_settings(request.corpus)
    if documents:
        count = token_counter(request.corpus.tokenizer)
        for document in progress(documents, len(documents), "cut into passages", "file"):
            passages = list(cut_documents([document], settings, count, draft.counted))
            draft.documents += placed_passages(passages)
            rows.append(FileRow.of(document, len(passages)))
    print_files(rows, unread)
    if request.strict and unread:
        what = f"{len(unread):,} of {len(rows) + len(unread):,} files could not be read"
        raise DataError(
            f"{what} (--strict); nothing was written", "correct or remove them, or leave out --strict"
        )
    if not draft.documents:
        raise DataError(
            "no file gave a passage; nothing was written", "see the lines above, or name other paths"
        )
    draft.counted += Counter()  # without the zeros
    return draft


def _read(request: Request) -> tuple[list[ReadDocument], list[UnreadFile]]:
    """The documents that are taken, and the files that gave none, by path."""
    from sunwi.documents.blocks import ReadDocument
    from sunwi.documents.cached import read_cached
    from sunwi.documents.reading import find_files

    found = find_files(request.paths, globs=request.globs)
    documents, unread = [], list(found.unread)
    for one in read_cached(found.files, request.options):
        if isinstance(one, ReadDocument):
            documents.append(one)
        else:
            unread.append(one)
    ages = {file.path: Path(file.location).stat().st_mtime for file in found.files}
    taken = _without_older(documents, ages, request.keep)
    return taken, sorted(unread, key=lambda one: one.path)


def _without_older(
    documents: list[ReadDocument], ages: Mapping[str, float], keep: Keep
) -> list[ReadDocument]:
    """Print which files are versions of one document; the documents without the older ones, if asked so."""
    from sunwi.cli.file_table import print_versions
    from sunwi.documents.versions import find_versions

    versions = find_versions(documents, ages.__getitem__)
    print_versions(versions, newest=keep is Keep.NEWEST)
    if keep is Keep.ALL:
        return documents
    older = {path for group in versions for path, _ in group.others}
    return [document for document in documents if document.path not in older]


def _print_next(report: ImportReport, paths: Sequence[Path], *, in_project: bool) -> None:
    """What can be done now, without a single question or judgement."""
    if not in_project:
        echo(f"Next: set data.source to {report.out.as_posix()} in {PARAMS}, then:")
    echo("Next: dvc repro baseline      # BM25 and dense search of these passages; needs no questions")
    echo('      sunwi search "질문"       # then: ask them, with file, page and heading of each answer')
    echo("      make repro                # then: tune the models on questions made from the passages")
    if len(paths) == 1 and paths[0].is_dir():
        echo(
            f"To have dvc repro read changed files by itself: set data.documents to {paths[0].as_posix()} "
            f"and data.source to a folder without corpus.jsonl in {PARAMS} (docs/documents.md)"
        )
