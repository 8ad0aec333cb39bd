"""Form: one question of sensible length that ends as a question or request."""

from __future__ import annotations

import re

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter

MIN_CHARS, MAX_CHARS = 9, 80
MIN_KEYWORDS = 2
TAIL = 256  # of a text: a run of marks that is longer would cost the square of its length

_ASKED = r"(?:무엇|무슨|뭐|뭘|왜|어떻게|어떤|어디|어느|언제|누구|얼마|몇)"
_ENDING = re.compile(
    r"(?:[?？]"
    r"|(?:까|나요|가요|나|는가|은가|인가|던가|니|냐|지요|죠|을까요|까요)"  # without a mark
    r"|(?:줘|줘요|주세요|주십시오|달라|세요|시오|십시오|하라|해라|보라|줄래|줄래요)"  # requests
    r"|(?:궁금해|궁금해요|궁금하다|궁금합니다)"
    r"|(?:이유|원인|방법|차이|특징|역할|뜻|의미|정의|종류|과정|것|점)(?:은|는)"  # `...는 이유는`
    r"|(?:뭐야|거야|건가|뭐지|란|이란))[\s.!?？~…]*$"
)
_STATEMENT = re.compile(r"(?:[가-힣](?<![까니])다|없음|있음|함|됨|임)[\s.!]*$")
_NO_ANSWER = re.compile(r"(?:명시|언급|제공|기술)되(?:어 있)?지 않(?:음|았|습니다)|답변이 없")
_COMPOUND = re.compile(
    rf"{_ASKED}\S*(?:\s\S+){{0,5}}?(?:이며|하며|으며|[되미치나]며|이고|하고|[가는]지와|[은인]지,|나요,|[가-힣][고며],|그리고)"
    rf",?\s.*{_ASKED}"
)


def asks(text: str) -> bool:
    """Whether a text ends as a question or a request, judged by its last `TAIL` characters."""
    text = text[-TAIL:]
    return bool(_ENDING.search(text)) and (
        text.rstrip().endswith(("?", "？")) or not _STATEMENT.search(text) or "궁금" in text
    )


def form(candidate: Candidate, evidence: Evidence) -> FilterVerdict:  # noqa: ARG001 (the filters' common signature)
    """Reject `too_short`, `too_long`, `states_no_answer`, `several_questions`, and `no_question`
    unless it paraphrases.

    A keyword query needs two words instead of a length and an ending. People also ask in other
    forms (`... 차이점`), so for questions of people and LLMs the ending is recorded
    (`ends_as_question`) and rejects nothing.
    """
    text = candidate.question
    keywords = candidate.style == "keyword"
    asking = asks(text)
    checks: dict[str, float | int | str | None] = {
        "characters": len(text),
        **({"words": len(text.split())} if keywords else {"ends_as_question": int(asking)}),
    }
    reason = None
    if (keywords and len(text.split()) < MIN_KEYWORDS) or (not keywords and len(text) < MIN_CHARS):
        reason = "too_short"
    elif len(text) > MAX_CHARS:
        reason = "too_long"
    elif _NO_ANSWER.search(text):
        reason = "states_no_answer"
    elif len(re.findall(r"[?？]+", text)) > 1 or _COMPOUND.search(text):
        reason = "several_questions"
    elif not (asking or keywords or candidate.paraphrase):
        reason = "no_question"
    return FilterVerdict(checks, reason)


FILTER = Filter(
    "text",
    20,
    {
        "too_short": "너무 짧음",
        "too_long": "너무 긺",
        "states_no_answer": "답이 없다는 말",
        "several_questions": "여러 질문이 하나에",
        "no_question": "질문이 아님",
    },
    form,
)
