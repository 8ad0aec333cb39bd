"""`sunwi inspect QID`: a mined question, its positive and its negatives with all scores, to judge by eye."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.paths import MINED

if TYPE_CHECKING:
    from sunwi.records.mined import MinedRow

MINED_ROWS = MINED / "train.jsonl"


def inspect(
    qid: Annotated[str, typer.Argument(help="The question's id, as in data/mined/train.jsonl.")],
    *,
    file: Annotated[Path, typer.Option(help="File of mined rows.")] = MINED_ROWS,
    chars: Annotated[int, typer.Option(min=20, help="Characters shown of each passage.")] = 240,
    as_json: Annotated[bool, typer.Option("--json", help="The row as one JSON object on stdout.")] = False,
) -> None:
    """Show a mined question, its positive and its hard negatives with every score."""
    from sunwi.records.files import canonical_json

    row = find_row(qid, file)
    if as_json:
        echo(canonical_json(row.model_dump()))
        return
    echo(f"{row.qid}: {row.query}")
    for docid, score, text in zip(row.pos_ids, row.pos_scores, row.pos, strict=True):
        echo(f"\n+ {docid}  teacher {score:.3f}")
        echo(f"  {cut(text, chars)}")
    negatives = zip(row.neg_ids, row.neg_scores, row.neg, row.provenance, strict=True)
    for place, (docid, score, text, how) in enumerate(negatives, start=1):
        echo(f"\n{place}. {docid}  teacher {score:.3f}  margin {row.pos_scores[0] - score:.3f}")
        shown = [
            f"{name} {value}" for name, value in sorted(how.items()) if name != "docid" and value is not None
        ]
        echo(f"  {'  '.join(shown)}")
        echo(f"  {cut(text, chars)}")


def find_row(qid: str, file: Path) -> MinedRow:
    """The mined row of a question.

    Raises
    ------
    DataError
        If the file has no such row, naming ids that it has.
    """
    from difflib import get_close_matches

    from sunwi.errors import DataError
    from sunwi.records.files import iter_rows
    from sunwi.records.mined import MinedRow

    rows = {row.qid: row for row in iter_rows(file, MinedRow)}
    if qid not in rows:
        near = get_close_matches(qid, rows, n=3, cutoff=0.0) or ["none: the file is empty"]
        what = f"{file} has no question {qid!r}: no negative was found for it, or it is not a train question"
        raise DataError(what, f"choose one of its {len(rows)} ids, such as {', '.join(near)}")
    return rows[qid]


def cut(text: str, chars: int) -> str:
    """The text's beginning in one line."""
    return textwrap.shorten(" ".join(text.split()), chars, placeholder=" ...")
