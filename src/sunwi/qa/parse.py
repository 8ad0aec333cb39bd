"""Parse: given and LLM text without numbering, markdown and quotes; headers and empty slots refused."""

from __future__ import annotations

import re

from sunwi.text import normalise

REASONS = {"header": "질문이 아니라 제목", "empty": "빈 칸"}
LONGEST = 4096  # characters; each mark that is taken off a text costs a pass over it
_MARKDOWN = re.compile(r"\*\*|__|`|^#+\s*|^>\s*")
_NUMBERING = re.compile(
    r"^(?:\(?\d{1,2}\s*[.):](?:\s+|$)|\(?\d{1,2}[.)](?=[^\d\s])|[①-⑳]\s*|[-*•·▪]\s+"
    r"|(?:Q|문제|질문)\s*\d{0,2}\s*[.:)]\s*)+",
    re.IGNORECASE,
)
_COUNT = r"\s*\d*\s*(?:개|가지)?\s*"
_HEADER = re.compile(
    rf"^(?:(?:생성된|예상|추천|다음)?\s*(?:질문|문제|questions?)(?:들|\s*(?:목록|예시|리스트))?{_COUNT}[:：]?"
    rf"|.*(?:질문|문제)(?:들)?{_COUNT}(?:[:：]|(?:입니다|이다)\s*[.:]?)|.*다음과 같습니다[.:]?)$",
    re.IGNORECASE,
)
_MISSING = frozenset({"nan", "null", "none", "n/a", "na", "-", "[]", "{}", "없음"})
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "「": "」", "『": "』"}


def parse(text: str) -> tuple[str, str | None]:
    """The question in a text, and the reason if there is none (`empty`, `header`).

    Lines are never cut by position: what is no numbering stays. Of a text above `LONGEST` characters, which
    the filter of form refuses as too long, nothing is taken off.

    Examples
    --------
    >>> parse('**질문 2:** "전도란 무엇인가요?"')
    ('전도란 무엇인가요?', None)
    >>> parse("**질문 5개:**")[1]
    'header'
    """
    cleaned = " ".join(normalise(text).split())
    if len(cleaned) > LONGEST:
        return cleaned, None
    while True:
        bare = _NUMBERING.sub("", _MARKDOWN.sub("", cleaned).strip()).strip()
        if (
            len(bare) > 1 and _QUOTES.get(bare[0]) == bare[-1] and bare.count(bare[-1]) <= 2
        ):  # a wrapping pair
            bare = bare[1:-1].strip()
        if bare == cleaned:
            break
        if not bare or _HEADER.match(cleaned.replace("*", "").strip()):
            break
        cleaned = bare
    if _HEADER.match(_MARKDOWN.sub("", cleaned).strip()):
        return "", "header"
    if not bare or bare.lower() in _MISSING:
        return "", "empty"
    return bare, None
