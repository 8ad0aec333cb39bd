"""A search answer on the terminal: bold matches there, brackets in a pipe or a log."""

from __future__ import annotations

import sys
from typing import Any

import typer

from sunwi.cli.snippet import Snippet
from sunwi.errors import printable


def print_answer(answer: dict[str, Any]) -> None:
    """Print what was searched and with what, then the passages, best first."""
    weights = ", ".join(f"{name} {weight:g}" for name, weight in sorted(answer["weights"].items()))
    model = f", {answer['model']}" if answer["model"] else ""
    typer.echo(f"{answer['passages']:,} passages of {answer['corpus']}{model}")
    if len(answer["weights"]) > 1:
        typer.echo(f"score = weighted sum of z-scores: {weights} ({answer['weights_from']})")
    else:
        typer.echo(f"score = z-score of {answer['mode']} over the corpus")
    if not answer["prepared"]:
        typer.echo("data/prepared is not there yet; for the pipeline's own corpus run make repro")
    if not answer["results"]:
        terms = ", ".join(answer["terms"]) or "none"
        typer.echo(f"\nNo passage has a term of the query ({terms}). Next: try --mode dense")
    for result in answer["results"]:
        typer.echo()
        _print_result(result)


def _print_result(result: dict[str, Any]) -> None:
    components = "  ".join(
        f"{name} {of['score']:.3f} (rank {of['rank']})" for name, of in result["components"].items()
    )
    of_document = f" of {result['document']}" if result["document"] != result["docid"] else ""
    heading = f"{result['rank']}. {result['docid']}{of_document}  {result['score']:.3f}  {components}"
    typer.echo(printable(heading))
    snippet = Snippet(result["snippet"], [(start, end) for start, end in result["matches"]])
    if sys.stdout.isatty():
        typer.echo(f"   {snippet.marked(typer.style('', bold=True, reset=False), typer.style(''))}")
    else:
        typer.echo(f"   {snippet.marked()}")
