"""`sunwi cache ...`: what is recorded of language models, to a file and back; the size of all row caches."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.terminal import echo

if TYPE_CHECKING:
    from sunwi.llm.store import AnswerStore

cache_app = typer.Typer(help="Recorded answers of language models, and the row caches.", no_args_is_help=True)


@cache_app.command("export")
def export_command(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="JSON lines to write, sorted by key.")],
    *,
    task: Annotated[list[str] | None, typer.Option(help="Only this task's answers; may be repeated.")] = None,
) -> None:
    """Write the recorded answers to a file that a teammate can import and replay."""
    from sunwi.llm.store import AnswerStore
    from sunwi.llm.transfer import export_answers

    with AnswerStore() as store:
        count = export_answers(store, file, task or ())
    echo(f"{count:,} recorded answers written to {file}\nNext: sunwi cache import {file} (elsewhere)")


@cache_app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A file that `sunwi cache export` wrote.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let the file's answers replace recorded ones that differ.")
    ] = False,
) -> None:
    """Record the answers of a file; it is checked as a whole first."""
    from sunwi.llm.store import AnswerStore
    from sunwi.llm.transfer import import_answers

    with AnswerStore() as store:
        counts = import_answers(store, file, replace=replace)
    fate = "replaced by the file's" if replace else "kept as recorded (--replace takes the file's)"
    echo(f"{counts.added:,} answers added, {counts.same:,} were there already")
    if counts.different:
        echo(f"{counts.different:,} were there with another answer: {fate}")


@cache_app.command("info")
def info() -> None:
    """Show the row caches, and the recorded answers by task, model and status."""
    from sunwi.cache import RowCache
    from sunwi.llm.store import AnswerStore
    from sunwi.runtime import cache_dir

    folder = cache_dir()
    files = sorted(folder.glob("*.sqlite"))
    if not files:
        echo(f"{folder} has no row cache")
        return
    echo(str(folder))
    for path in files:
        with RowCache(path.stem, folder) as rows:
            echo(f"  {path.stem}: {len(rows):,} rows, {path.stat().st_size / 1e6:,.1f} MB")
    if any(path.stem == AnswerStore.NAME for path in files):
        with AnswerStore(folder) as store:
            _show_answers(store)


def _show_answers(store: AnswerStore) -> None:
    counts: Counter[tuple[str, str, str]] = Counter()
    tokens: Counter[tuple[str, str, str]] = Counter()
    for row in store:
        group = (row.task, row.model, row.status)
        counts[group] += 1
        tokens[group] += (row.tokens_in or 0) + (row.tokens_out or 0)
    for (task, model, status), count in sorted(counts.items()):
        spent = tokens[task, model, status]
        echo(f"  {task}, {model}: {count:,} {status}, {spent:,} tokens")
