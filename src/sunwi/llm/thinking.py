"""The thinking of a reasoning model is removed from its answer."""

from __future__ import annotations

import json
import re

_NAMES = r"(?:think|thinking|thought|thoughts|reasoning|reason|analysis|reflection|scratchpad|seed:think)"
_CLOSE = re.compile(rf"</{_NAMES}\s{{0,8}}>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>", re.IGNORECASE)
# at the start of a line alone: in the middle of one, a tag is content
_OPEN = re.compile(
    rf"(?:\A|\n)[ \t]{{0,8}}(?:<{_NAMES}(?:\s[^<>\n]{{0,200}})?>|\[THINK\]|◁think▷|<\|begin_of_thought\|>)",
    re.IGNORECASE,
)
# harmony, the format of gpt-oss: with its marks, and as it looks where a server has dropped them
_FINAL = re.compile(r"<\|channel\|>\s{0,8}final\s{0,8}(?:<\|constrain\|>)?[^<\n]{0,80}<\|message\|>")
_CHANNEL = re.compile(r"<\|channel\|>")
_MESSAGE_END = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
_BARE_ANALYSIS = re.compile(r"\A\s{0,8}analysis(?=[A-Z])")
_BARE_FINAL = "assistantfinal"


def final_text(text: str) -> str:
    """The part of an answer that follows its thinking; "" if the thinking has no end.

    All up to the last closing mark is dropped, whether or not one opens. Text that is JSON as a whole is
    returned as it is: marks in its strings are content.

    >>> final_text("<think>a draft</think> the answer")
    'the answer'
    >>> final_text("<think>no end")
    ''
    """
    if not any(mark in text for mark in ("<", "[", "◁", "analysis")) or _is_json(text):
        return text
    if _CHANNEL.search(text):
        finals = list(_FINAL.finditer(text))
        text = _MESSAGE_END.split(text[finals[-1].end() :], maxsplit=1)[0] if finals else ""
    elif _BARE_ANALYSIS.match(text):
        text = text.rpartition(_BARE_FINAL)[2] if _BARE_FINAL in text else ""
    end = 0
    for closing in _CLOSE.finditer(text):
        end = closing.end()
    rest = text[end:] if end else text
    if _OPEN.search(rest):
        return ""
    return rest.lstrip() if end else rest


def _is_json(text: str) -> bool:
    bare = text.strip()
    if not bare.startswith(("{", "[")):
        return False
    try:
        json.loads(bare)
    except (ValueError, RecursionError):
        return False
    return True
