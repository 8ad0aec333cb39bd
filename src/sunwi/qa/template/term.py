"""Which noun phrases may stand in a question by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sunwi.josa import final_sound
from sunwi.qa.template.sentence import refers_back
from sunwi.qa.template.vocabulary import GENERIC

if TYPE_CHECKING:
    from kiwipiepy import Token

_TERM_TAGS = frozenset({"NNG", "NNP", "XSN", "XPN", "XR", "SL", "SN", "SH"})
_LONGEST_TERM = 24
_LONGEST_PHRASE = 36


def is_term(tokens: Sequence[Token], text: str) -> bool:
    """Whether a phrase is a bare term: nouns alone, at most one `의`, specific, readable aloud."""
    genitives = sum(token.tag == "JKG" for token in tokens)
    core = [token for token in tokens if token.tag not in {"SSO", "SSC"}]
    if genitives > 1 or not core or core[0].tag in {"XSN", "JKG"}:
        return False
    if any(token.tag not in _TERM_TAGS and token.tag != "JKG" for token in core):
        return False
    if core[0].form in {"현재", "최근", "오늘날", "당시", "일부", "대부분"}:
        return False
    return _specific(core, text) and len(text) <= _LONGEST_TERM


def is_phrase(tokens: Sequence[Token], text: str) -> bool:
    """Whether a phrase, possibly with adnominal clauses (`뜨거운 공기`), can be the subject of a question."""
    if not tokens:
        return False
    if any(token.tag in {"EC", "EF", "SP", "SSO", "NNB", "NR"} for token in tokens):
        return False
    if text.startswith(("이 ", "그 ", "저 ")) or tokens[0].form in {"두", "세", "양", "다른", "모든"}:
        return False
    return _specific(tokens, text) and len(text) <= _LONGEST_PHRASE


def is_title(tokens: Sequence[Token], text: str) -> bool:
    """Whether a title is a noun phrase that names a subject, not a sentence or a file name."""
    if not tokens or not tokens[-1].tag.startswith(("N", "XSN", "SL", "SN")) or len(text) > _LONGEST_PHRASE:
        return False
    if any(token.tag.startswith(("E", "W", "SF", "SE")) and token.tag != "ETM" for token in tokens):
        return False
    return _specific(tokens, text)


def _specific(tokens: Sequence[Token], text: str) -> bool:
    nouns = [token for token in tokens if token.tag.startswith(("N", "SL", "SH", "XR"))]
    if not nouns or text != text.strip(" ,.\"'‘’“”") or refers_back(tokens):
        return False
    if text.count("(") != text.count(")") or final_sound(text) is None:
        return False
    if tokens[-1].form == "들" or any(token.form == "씨" for token in tokens):  # people, groups, names
        return False
    generic = len(tokens) == 1 and nouns[0].form in GENERIC
    return not generic and len(text) > 1  # one syllable is as often a wrong analysis as a word
