"""A search answer on the terminal: bold matches there, brackets in a pipe or a log."""

from __future__ import annotations

import sys
from typing import Any

import typer

from sunwi.cli.terminal import echo
from sunwi.serve.snippet import Snippet


def print_answer(answer: dict[str, Any]) -> None:
    """Print what was searched and with what, then the passages, best first."""
    weights = ", ".join(f"{name} {weight:g}" for name, weight in sorted(answer["weights"].items()))
    model = f", {answer['model']}" if answer["model"] else ""
    echo(f"{answer['passages']:,} passages of {answer['corpus']}{model}")
    if len(answer["weights"]) > 1:
        echo(f"score = weighted sum of z-scores: {weights} ({answer['weights_from']})")
    else:
        echo(f"score = z-score of {answer['mode']} over the corpus")
    if not answer["prepared"]:
        echo("data/prepared does not exist yet, so the source folder was searched. Next: make repro")
    if not answer["results"]:
        terms = ", ".join(answer["terms"]) or "none"
        echo(f"\nNo passage has a term of the query ({terms}). Next: try --mode dense")
    for result in answer["results"]:
        echo()
        _print_result(result)


def _print_result(result: dict[str, Any]) -> None:
    components = "  ".join(
        f"{name} {component['score']:.3f} (rank {component['rank']})"
        for name, component in result["components"].items()
    )
    of_document = f" of {result['document']}" if result["document"] != result["docid"] else ""
    echo(f"{result['rank']}. {result['docid']}{of_document}  {result['score']:.3f}  {components}")
    if result["place"]:
        echo(f"   {result['place']}")
    snippet = Snippet(result["snippet"], [(start, end) for start, end in result["matches"]])
    if sys.stdout.isatty():
        bold, plain = typer.style("", bold=True, reset=False), typer.style("")
        typer.echo(f"   {snippet.marked(bold, plain)}")  # noqa: TID251  `cut` left only printable characters
    else:
        echo(f"   {snippet.marked()}")
