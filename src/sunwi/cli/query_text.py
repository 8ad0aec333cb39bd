"""The question of `sunwi search` as the command line brings it, made fit for the retrievers."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

from sunwi.errors import DataError

CHARACTERS_PER_TOKEN = 32  # no subword of the supported models' vocabularies is longer
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z-]*(=.*)?", re.ASCII)
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")


class QueryCommand(TyperCommand):
    """A command whose argument may begin with "-", such as "-5도에서 물은 어떻게 되나요"."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put what begins with "-" and cannot be an option behind "--", where click takes it as it is."""
        if "--" not in args:
            with_value = {
                name for param in self.params if not getattr(param, "is_flag", True) for name in param.opts
            }
            before = ["", *args]
            queries = [
                arg
                for arg, option in zip(args, before, strict=False)
                if arg.startswith("-") and not _OPTION.fullmatch(arg) and option not in with_value
            ]
            args = [*(arg for arg in args if arg not in queries), "--", *queries]
        return super().parse_args(ctx, args)


def read_query(argument: str, max_length: int) -> tuple[str, list[str]]:
    """The question in the corpus' normal form, and a sentence about each thing that was changed.

    Parameters
    ----------
    max_length
        Tokens that the model reads of a query: what can be beyond them is cut before anything else.

    Raises
    ------
    DataError
        If the question has no text.
    """
    from sunwi.text import normalise

    notes = []
    limit = max_length * CHARACTERS_PER_TOKEN
    if len(argument) > limit:
        notes.append(f"the query has {len(argument):,} characters; the first {limit:,} are used")
    query, replaced = _HALF_CHARACTER.subn("\N{REPLACEMENT CHARACTER}", argument[:limit])
    if replaced:
        notes.append(f"{replaced:,} bytes of the query are not UTF-8; they are read as U+FFFD")
    query = normalise(query)
    if not query:
        raise DataError("the query is empty", 'give a question: sunwi search "광합성은 어디에서 일어나나?"')
    return query, notes
