"""A clause in the form that it has before a noun: `눈이 녹지 않는다` -> `눈이 녹지 않는`."""

from __future__ import annotations

from sunwi.qa.template.sentence import Sentence
from sunwi.text import kiwi

_EXISTENTIAL = frozenset({"있", "없", "계시"})


def adnominal(sentence: Sentence, first: int, ending: int) -> str | None:
    """The clause from token `first`, whose final ending is token `ending`, before a noun.

    None if its tense has no plain adnominal form here (past and future), or its predicate is unclear.
    """
    tokens = sentence.tokens
    word = tokens[ending].word_position
    start = ending
    while start > first and tokens[start - 1].word_position == word and tokens[start - 1].tag[0] in "VXE":
        start -= 1
    stem = tokens[start:ending]
    if not stem or stem[0].tag == "XR" or any(token.tag == "EP" for token in stem):
        return None
    last = stem[-1]
    verb = last.tag.startswith(("VV", "VX", "XSV")) or last.form in _EXISTENTIAL
    if last.form == "않" or (last.tag.startswith("VX") and last.form in {"싶", "못하"}):
        verb = _follows_verb(sentence, start)
    form = "는" if verb else "ᆫ"
    before = sentence.text[tokens[first].start : stem[0].start]
    joined = kiwi().join([*((token.form, token.tag) for token in stem), (form, "ETM")])
    return f"{before}{joined}".strip(" ,")


def _follows_verb(sentence: Sentence, auxiliary: int) -> bool:
    """`녹지 않는` but `높지 않은`: an auxiliary takes the class of the predicate before it."""
    for token in reversed(sentence.tokens[:auxiliary]):
        if token.tag.startswith(("VV", "XSV")) or token.form in _EXISTENTIAL:
            return True
        if token.tag.startswith(("VA", "XSA", "VCP")):
            return False
    return True
