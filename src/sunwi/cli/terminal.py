"""What the command line prints: everything passes through `echo`, and nothing of it steers the terminal."""

from __future__ import annotations

import typer

from sunwi.errors import printable


def echo(text: object = "", *, err: bool = False) -> None:
    """Print one message on stdout or stderr, with control characters as escapes (`errors.printable`)."""
    typer.echo(printable(str(text)), err=err)  # noqa: TID251  the one place
