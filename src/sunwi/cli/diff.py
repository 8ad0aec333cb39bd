"""`sunwi diff A B`: which queries changed between two submissions, and what it was worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.terminal import echo

if TYPE_CHECKING:
    from sunwi.submit.differing import Change

WIDTH = 100  # characters of a passage


def diff(
    before: Annotated[str, typer.Argument(help="A variant's name, or a .jsonl file.")],
    after: Annotated[str, typer.Argument(help="The same for the other one.")],
    *,
    limit: Annotated[int, typer.Option(min=0, help="Queries to show.")] = 20,
    all_changes: Annotated[
        bool, typer.Option("--all", help="Also where only the later places changed.")
    ] = False,
) -> None:
    """Show the queries whose first place (or topk) changed, with passages and, if judged, scores."""
    from sunwi.params.loading import load_params
    from sunwi.submit.differing import changes
    from sunwi.submit.folders import submission_file
    from sunwi.submit.validation import read_submission
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.corpus import prepared

    params = load_params()
    cutoff = params.score.cutoff
    tables = prepared(Workspace())
    rows = [read_submission(submission_file(params, name)) for name in (before, after)]
    changed = changes(rows[0], rows[1], tables.qrels, cutoff)
    first = sum(change.first_changed for change in changed)
    echo(f"{before} -> {after}: top 1 changed {first} of {len(rows[0])}, topk {len(changed)}")
    gains = [change.gain for change in changed if change.gain is not None]
    if gains:
        won, lost = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
        echo(f"average precision: {won} better, {lost} worse, MAP {sum(gains) / len(rows[0]):+.4f}")
    texts: dict[str, str] = {}
    for document in tables.corpus:
        texts.setdefault(document.document_id, document.text)
    shown = [change for change in changed if all_changes or change.first_changed]
    for change in shown[:limit]:
        echo()
        _print_change(change, texts)
    if len(shown) > limit:
        echo(f"\n... and {len(shown) - limit} more; show them with --limit {len(shown)}")


def _print_change(change: Change, texts: Mapping[str, str]) -> None:
    echo(f"{change.qid}  {change.query}")
    sides = (("-", change.before, change.before_precision), ("+", change.after, change.after_precision))
    for sign, topk, precision in sides:
        value = "" if precision is None else f"  AP {precision:.3f}"
        echo(f"  {sign} {', '.join(topk) or '(empty)'}{value}")
        if topk:
            echo(f"    {' '.join(texts.get(topk[0], '(not in the corpus)').split())[:WIDTH]}")
