"""Language: Korean, with foreign words and scripts only as far as the passage has them."""

from __future__ import annotations

import re
import unicodedata

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter

MIN_HANGUL = 0.5
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f가-힣]")
_LATIN_WORD = re.compile(r"[A-Za-z]{4,}")


def language(candidate: Candidate, evidence: Evidence) -> FilterVerdict:
    """Reject `not_korean` (Hangul under half of Hangul and Latin letters), `foreign_word`, `foreign_script`.

    A Latin word of four or more letters, and any letter of another script, must stand in the passage.
    """
    text = candidate.question
    hangul = len(_HANGUL.findall(text))
    latin = sum(char.isascii() and char.isalpha() for char in text)
    share = hangul / (hangul + latin) if hangul + latin else 0.0
    checks: dict[str, float | int | str | None] = {"hangul": round(share, 3)}
    if share < MIN_HANGUL:
        return FilterVerdict(checks, "not_korean")
    passage = evidence.passage
    lowered = passage.lower()
    foreign = [char for char in text if _other_script(char) and char not in passage]
    if foreign:
        return FilterVerdict({**checks, "foreign": "".join(sorted(set(foreign)))}, "foreign_script")
    words = [word for word in _LATIN_WORD.findall(text) if word.lower() not in lowered]
    if words:
        return FilterVerdict({**checks, "foreign": words[0]}, "foreign_word")
    return FilterVerdict(checks)


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
