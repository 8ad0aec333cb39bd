"""Reading an answer: strict JSON, else the whole objects of broken JSON, else lines; never by position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sunwi.llm.answer import valid_unicode
from sunwi.llm.json_text import decode_first, repaired, unfenced
from sunwi.llm.outcome import Malformed
from sunwi.llm.refusal import is_refusal
from sunwi.qa.llm.prompt import STYLES
from sunwi.qa.parse import parse

_JSON = re.compile(r"""\{\s*["'“}]|\[\s*["“{\]]|\[\s*(?:NaN|null)""")
_NEXT_OBJECT = re.compile(r"[ \t\r\n,]*(?=\{)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_STYLE_PREFIX = re.compile(
    rf"^\s*(?:[-*•]\s*)?(?:\d{{1,2}}\s*[.)]\s*)?\[?({'|'.join(STYLES)})\]?\s*[:：\-]\s*"
)
_ITEM = re.compile(r"^\s*(?:[-*•#①-⑳\[]|\(?\d{1,2}\s*[.):]|Q\d*[.:)])")
_TEXT_KEYS = ("question", "질문", "query", "text", "q")
_NO_QUESTIONS = {"style", "말투", "thinking", "thought", "thoughts", "reasoning", "analysis", "draft", "초안"}
UNKNOWN_STYLE = "unstated"


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """One slot of an answer: the style that it states, and the text as it came (possibly empty)."""

    style: str
    text: str


def parse_answer(text: str, wanted: int) -> list[AnsweredQuestion]:
    """All slots of an answer that holds at least `wanted` questions.

    Raises
    ------
    Malformed
        If there are fewer; the message says how many could be read, for the repair request.
    """
    slots = read_answer(text)
    readable = sum(parse_slot(slot)[1] is None for slot in slots)
    if readable < wanted:
        raise Malformed(f"{readable} of {wanted} questions could be read")
    return slots


def parse_slot(slot: AnsweredQuestion) -> tuple[str, str | None]:
    """The question of a slot, and the reason if there is none: those of `parse`, or `answer_blocked`."""
    question, reason = parse(slot.text)
    if reason is None and (is_refusal(slot.text) or is_refusal(question)):
        return "", "answer_blocked"
    return question, reason


def read_answer(text: str) -> list[AnsweredQuestion]:
    """Every slot that can be read, empty ones too; of broken or cut JSON the complete ones.

    Prose that begins with a refusal is one slot, with what it asks back ("다른 질문이 있으신가요?").

    Examples
    --------
    >>> [slot.text for slot in read_answer('{"questions": [{"style": "factual", "question": "왜?"}, {"sty')]
    ['왜?']
    >>> [slot.text for slot in read_answer("**질문 2개:**\\n1. 왜 뜨나요?\\n2) 왜 지나요?")]
    ['**질문 2개:**', '1. 왜 뜨나요?', '2) 왜 지나요?']
    """
    bare = unfenced(text)
    if bare.startswith('"') and bare.endswith('"'):  # JSON within a JSON text
        with suppress(Malformed):
            inner, end = decode_first(bare)
            bare = unfenced(inner) if end == len(bare) and _JSON.match(inner.strip()) else bare
    if opening := _JSON.search(bare):
        return list(_json_slots(bare[opening.start() :]))
    lines = [line for line in valid_unicode(bare).splitlines() if line.strip()]
    if is_refusal(bare) and not any(_ITEM.match(line) or _STYLE_PREFIX.match(line) for line in lines):
        return [AnsweredQuestion(UNKNOWN_STYLE, "\n".join(lines))]
    return [_line(line) for line in lines]


def _json_slots(text: str) -> Iterator[AnsweredQuestion]:
    """Slots of the text's JSON: well formed, repaired whole, or what is complete in it."""
    try:
        value, end = decode_first(text)  # NaN, which json accepts, is an empty slot, not a float
    except Malformed:
        try:
            value, end = repaired(text[: max(text.rfind("}"), text.rfind("]")) + 1]), len(text)
        except Malformed:
            yield from _complete_parts(text)
            return
    yield from _slots(value)
    while isinstance(value, dict) and any(key in value for key in _TEXT_KEYS):  # one object a question
        opening = _NEXT_OBJECT.match(text, end)
        if opening is None:
            return
        try:
            value, end = decode_first(text, start=opening.end())
        except Malformed:
            yield from _complete_parts(text[opening.end() :])
            return
        yield from _slots(value)


def _slots(value: Any, style: str = UNKNOWN_STYLE) -> Iterator[AnsweredQuestion]:
    """Slots of any of the forms that models answer in: lists, objects, objects keyed by number or style."""
    if isinstance(value, list):
        for item in value:
            yield from _slots(item, style)
    elif isinstance(value, dict):
        stated = value.get("style", value.get("말투", style))
        style = stated if stated in STYLES else style
        key = next((key for key in _TEXT_KEYS if key in value), None)
        if key is not None and not isinstance(value[key], list | dict):
            yield AnsweredQuestion(style, _text(value[key]))
            return
        for name, item in value.items():
            if name not in _NO_QUESTIONS:
                yield from _slots(item, name if name in STYLES else style)
    else:
        yield AnsweredQuestion(style, _text(value))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _complete_parts(text: str) -> Iterator[AnsweredQuestion]:
    """What is whole in broken JSON: the innermost objects, or the strings of a plain list, in order."""
    plain = re.match(r'\[\s*"', text)
    for match in (_STRING if plain else re.compile(r"\{[^{}]*\}")).finditer(text):
        try:
            value, _ = decode_first(match[0])
        except Malformed:
            continue  # a broken slot: the answer has a question fewer, and counts as malformed for it
        yield from _slots(value)


def _line(line: str) -> AnsweredQuestion:
    if match := _STYLE_PREFIX.match(line.replace("**", "")):
        return AnsweredQuestion(match[1], line.replace("**", "")[match.end() :])
    return AnsweredQuestion(UNKNOWN_STYLE, line.strip())
