"""`sunwi validate FILE`: is a submission what the competition takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.paths import PREPARED


def validate(
    file: Annotated[Path, typer.Argument(help="A submission of any origin: JSON lines (.jsonl or .csv).")],
    *,
    k: Annotated[int, typer.Option("--k", min=1, help="Documents a query at most.")] = 3,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with corpus.jsonl and queries.jsonl.", show_default="data/prepared"),
    ] = None,
) -> None:
    """Name every fault of a submission file: ids, docids, repeats, lengths, encoding."""
    from sunwi.errors import InputProblems
    from sunwi.records.corpus import Document, Query
    from sunwi.records.files import iter_rows, read_rows
    from sunwi.submit.validation import submission_faults

    folder = data or PREPARED
    queries = [query.qid for query in read_rows(folder / "queries.jsonl", Query)]
    documents = {row.document_id for row in iter_rows(folder / "corpus.jsonl", Document)}
    if problems := submission_faults(file, queries, documents, k):
        raise InputProblems(problems, f"correct {file.name} and run `sunwi validate {file}` again")
    echo(f"{file}: valid, {len(queries):,} queries, at most {k} documents each")
