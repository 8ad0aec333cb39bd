"""Form: one question of sensible length that ends as a question or request."""

from __future__ import annotations

import re

from sunwi.qa.candidate import Candidate, Verdict

MIN_CHARS, MAX_CHARS = 9, 80
MIN_KEYWORDS = 2

# `...인가요?`, `...는 이유는?`, `...알려줘.`, `...하시오`, `...궁금해`
_ENDING = re.compile(
    r"(?:\?|(?:[까나가니]요?|[려해]줘요?|주세요|(?:하|시|으)?세요|시오|십시오|[라려]|줄래|궁금(?:해|합니다|해요|하다)"
    r"|(?:은|는|란|이란|건|게)|(?:해|거|뭐|냐)(?:야)?))[.!?~ ]*$"
)
_STATEMENT = re.compile(r"(?<!까)(?<!나)(?:습니다|입니다|됩니다|합니다|한다|이다|된다|있다|없다|않다|였다|했다|명시되지 않음)[.! ]*$")
_COMPOUND = re.compile(
    r"(?:무엇|뭐|왜|어떻게|어떤|어디|언제|누구)\S*(?:\s\S+){0,6}?(?:이며|하며|으며|나요?,|[가-힣]고,|그리고|[가-힣]며,|[가-힣]지[,와])"
    r"\s.*(?:무엇|뭐|왜|어떻게|어떤|어디|언제|누구|얼마)"
)


def form(candidate: Candidate) -> Verdict:
    """Reject `too_short`, `too_long`, `several_questions`, and `no_question` unless it paraphrases.

    A keyword query needs two words instead of a length and an ending. People and LLMs also ask in
    statements (`... 궁금합니다`), so the ending is recorded for them (`ends_as_question`) and rejects
    nothing.
    """
    text = candidate.question
    if candidate.style == "keyword":
        words = len(text.split())
        return Verdict({"words": words}, "too_short" if words < MIN_KEYWORDS else _too_long(text))
    asks = bool(_ENDING.search(text)) and not _STATEMENT.search(text)
    checks: dict[str, float | int | str | None] = {"characters": len(text), "ends_as_question": int(asks)}
    if len(text) < MIN_CHARS:
        return Verdict(checks, "too_short")
    if reason := _too_long(text):
        return Verdict(checks, reason)
    if len(re.findall(r"\?+", text)) > 1 or _COMPOUND.search(text):
        return Verdict(checks, "several_questions")
    return Verdict(checks, None if asks or candidate.paraphrase else "no_question")


def _too_long(text: str) -> str | None:
    return "too_long" if len(text) > MAX_CHARS else None
