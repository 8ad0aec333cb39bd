"""JSON that others wrote: what could be read in two ways is a fault, and every fault has its place."""

from __future__ import annotations

import json
from typing import Any

MAX_DIGITS = 4300  # of a whole number, as Python's own default (sys.set_int_max_str_digits)


class JsonFault(ValueError):  # noqa: N818  a fault of the input, which becomes a problem
    """What is wrong with a JSON text.

    Attributes
    ----------
    position
        Offset of the fault, or of the value that has it, in characters.
    end
        Offset behind the value; None where no value could be read at all.
    """

    def __init__(self, message: str, position: int, end: int | None = None) -> None:
        super().__init__(message)
        self.position = position
        self.end = end


def decode_json(text: str, start: int = 0) -> tuple[Any, int]:
    """The JSON value that begins at an offset of `text`, and the offset behind it.

    NaN and Infinity, which pandas writes, are floats; the row types refuse them where they matter.

    Raises
    ------
    JsonFault
        If there is no value, an object has a key twice, a whole number has over `MAX_DIGITS` digits, or
        the nesting is too deep for Python's reader.
    """
    faults: list[str] = []

    def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            keys = [key for key, _ in pairs]
            doubled = next(key for index, key in enumerate(keys) if key in keys[:index])
            texts = ", ".join(f"{key}: {value}" for key, value in pairs if isinstance(value, str | int))
            faults.append(f"the key {doubled!r} occurs twice in the object of {shorten(texts)}; keep one")
        return values

    def whole_number(digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            faults.append(
                f"the whole number {digits[:10]}... has {len(digits):,} digits, over {MAX_DIGITS:,}"
            )
            return 0
        return int(digits)

    decoder = json.JSONDecoder(object_pairs_hook=each_key_once, parse_int=whole_number)
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise JsonFault(error.msg, error.pos) from None
    except RecursionError:
        raise JsonFault("lists or objects are nested too deeply", start) from None
    if faults:
        raise JsonFault("; ".join(faults), start, end)
    return value, end


def parse_json(text: str) -> Any:
    """The value of a text that is one JSON document.

    Raises
    ------
    JsonFault
        As `decode_json`, and if anything follows the value.
    """
    start = skip_space(text, 0)
    value, end = decode_json(text, start)
    behind = skip_space(text, end)
    if behind < len(text):
        raise JsonFault(f"expected nothing behind the JSON value, found {shorten(text[behind:])}", behind)
    return value


def skip_space(text: str, start: int) -> int:
    """Offset of the first character from `start` on that is no white space of JSON."""
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    return start


def shorten(text: str) -> str:
    """A text in quotes for a message, 40 characters of it at most."""
    return repr(text if len(text) <= 40 else text[:37] + "...")
