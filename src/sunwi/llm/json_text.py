"""JSON as models write it: read strictly, else repaired by a library, and only if nothing is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sunwi.llm.answer import valid_unicode
from sunwi.llm.outcome import Malformed

MOST_REPAIRED = 100_000  # characters: what is longer is no answer of these tasks
_DEEPEST = 50
_QUOTES = str.maketrans(dict.fromkeys("'“”„‘’`", '"'))
_FORM = re.compile(r'[\s"\\,:{}\[\]]+')
_ESCAPED_SPACE = re.compile(r"\\[nrt]")
_CONSTANTS = {"None": "null", "True": "true", "False": "false"}
_WORDS = re.compile(r"\b(?:None|True|False)\b")


def unfenced(text: str) -> str:
    """`text` without the fence of Markdown around it, if there is one.

    >>> unfenced('```json\\n[1]\\n```')
    '[1]'
    """
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare[3:].lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    return bare.removesuffix("```").strip()


def decode_first(text: str, constant: Any = None, start: int = 0) -> tuple[Any, int]:
    """The JSON value of `text` from `start` on, and where it ends; NaN and infinity become `constant`.

    Halves of surrogate pairs become U+FFFD.

    Raises
    ------
    Malformed
        If it is no JSON, repeats a key, nests deeper than 50 levels or has a number of thousands of digits.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_once, parse_constant=lambda _: constant)
    try:
        value, end = decoder.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        reason = str(error)[:200] if isinstance(error, ValueError) else "it nests too deeply"
        raise Malformed(f"the JSON cannot be read: {reason}") from None
    return _cleaned(value), end


def repaired(text: str) -> Any:
    """The value of whole JSON with slips: trailing commas, other quotes, raw newlines, lone backslashes ...

    The library guesses; its guess counts only if it holds every letter of the text in the text's order, and
    each string exactly as between its two quotes. So nothing is invented, split or left out.

    Raises
    ------
    Malformed
        If the text does not end as it begins (it is cut: half a string would be taken for a whole one), or
        the guess fails the check.
    """
    import json_repair

    bare = text.strip()
    if bare[:1] + bare[-1:] not in {"{}", "[]"} or len(bare) > MOST_REPAIRED:
        raise Malformed("the JSON cannot be read")
    if max(bare.count("{"), bare.count("[")) > 1000:
        raise Malformed("the JSON nests too deeply")
    try:
        value = json_repair.repair_json(bare, return_objects=True, skip_json_loads=True)
    except Exception as error:  # the library names no errors of its own; the reason is the complaint's
        raise Malformed(f"the JSON cannot be read ({type(error).__name__})") from None
    value = _cleaned(value)
    if not isinstance(value, dict | list) or not _is_all_of(value, bare):
        raise Malformed("the JSON cannot be read")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"the JSON object has the key {twice[:50]!r} twice")
    return value


def _cleaned(value: Any, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        raise Malformed("the JSON nests too deeply")
    if isinstance(value, str):
        return valid_unicode(value)
    if isinstance(value, list):
        return [_cleaned(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {valid_unicode(str(name)): _cleaned(item, depth + 1) for name, item in value.items()}
    return value


def _is_all_of(value: Any, text: str) -> bool:
    source = _WORDS.sub(lambda match: _CONSTANTS[match[0]], text.translate(_QUOTES))
    atoms = list(_atoms(value))
    letters = _FORM.sub("", "".join(atom for atom, _ in atoms))
    if letters not in (_FORM.sub("", source), _FORM.sub("", _ESCAPED_SPACE.sub(" ", source))):
        return False
    tight = "".join(_ESCAPED_SPACE.sub(" ", source).replace("\\", "").split())
    return all(_is_quoted(atom, tight) for atom, is_text in atoms if is_text and atom.strip())


def _is_quoted(atom: str, tight: str) -> bool:
    quoted = '"' + "".join(atom.replace("\\", "").split()) + '"'
    start = tight.find(quoted)
    while start >= 0:
        end = start + len(quoted)
        if tight[end : end + 1] in {",", "}", "]"}:
            return True
        start = tight.find(quoted, start + 1)
    return False


def _atoms(value: Any) -> Iterator[tuple[str, bool]]:
    """Keys and values in order, and whether each is a text value."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name.translate(_QUOTES), False
            yield from _atoms(item)
    elif isinstance(value, list):
        for item in value:
            yield from _atoms(item)
    elif isinstance(value, str):
        yield _WORDS.sub(lambda match: _CONSTANTS[match[0]], value.translate(_QUOTES)), True
    else:
        yield json.dumps(value), False
