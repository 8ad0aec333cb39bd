"""Language: Korean, with foreign words and scripts only as far as the passage has them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter

MIN_HANGUL = 0.5
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f가-힣]")
_LATIN_WORD = re.compile(r"[A-Za-z]{4,}")


def hangul_share(text: str) -> float:
    """Hangul's share of Hangul and Latin letters, 0 to 1; 0 without any."""
    hangul = len(_HANGUL.findall(text))
    latin = sum(char.isascii() and char.isalpha() for char in text)
    return hangul / (hangul + latin) if hangul + latin else 0.0


def language(candidate: Candidate, evidence: Evidence) -> FilterVerdict:
    """Reject `not_korean` (Hangul under half of Hangul and Latin letters), `foreign_word`, `foreign_script`.

    A Latin word of four or more letters, and any letter of another script, must stand in the passage.
    """
    text = candidate.question
    share = hangul_share(text)
    checks: dict[str, float | int | str | None] = {"hangul": round(share, 3)}
    if share < MIN_HANGUL:
        return FilterVerdict(checks, "not_korean")
    passage = evidence.passage
    foreign = sorted(char for char in set(text) if _other_script(char) and char not in passage)
    if foreign:
        return FilterVerdict({**checks, "foreign": "".join(foreign)}, "foreign_script")
    words = dict.fromkeys(_LATIN_WORD.findall(text))  # each once, in the order of the text
    if word := next((word for word in words if word.lower() not in _lowered(passage)), None):
        return FilterVerdict({**checks, "foreign": word}, "foreign_word")
    return FilterVerdict(checks)


@lru_cache(maxsize=1)
def _lowered(passage: str) -> str:
    """Once for the questions of one passage, which come one after the other."""
    return passage.lower()


def _other_script(char: str) -> bool:
    """A letter that is neither Hangul nor Latin: Han, Greek, Cyrillic, Arabic, Devanagari ..."""
    if not char.isalpha() or char.isascii() or _HANGUL.match(char):
        return False
    return not unicodedata.name(char, "").startswith("LATIN")


FILTER = Filter(
    "text",
    10,
    {
        "not_korean": "한국어가 아님",
        "foreign_word": "외국어 낱말이 섞임",
        "foreign_script": "다른 문자가 섞임",
    },
    language,
)
