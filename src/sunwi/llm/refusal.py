"""A refusal that a model writes as its answer: servers mark few of them as such."""

from __future__ import annotations

import re

_APOLOGY = r"(?:(?:정말|대단히|매우|너무)\s*)?(?:죄송|미안|유감)"
_OWN = (
    r"(?:저는|제가|AI|인공지능|언어\s*모델|(?:요청|질문)하신|(?:해당|이|그)\s*(?:요청|질문|내용|글)"
    r"|(?:주어진|제공된)\s*(?:글|내용))"
)
_TASK = r"(?:요청|질문|도와|도움|답변|생성|작성|응답)"
_NEGATION = (
    r"(?:수(?:는|가|도)?\s*없(?:습니다|어요|네요|을\s*것\s*같습니다|겠습니다)|(?:어렵|힘듭)(?:습)?니다"
    r"|어려울\s*것\s*같습니다|못\s*(?:합니다|했습니다|해요)|불가능합니다)"
)
_END = r"(?:[.!。]|\s*$)"  # a sentence that goes on ("...없습니다라는 말은") or asks is no refusal
_KOREAN = re.compile(
    rf"(?:{_APOLOGY}|{_OWN}[^?]{{0,200}}?{_TASK})[^?]{{0,200}}?{_NEGATION}{_END}", re.MULTILINE
)
_CANNOT = r"(?:can(?:no|['’])t|can not|could not|won['’]t|(?:am|['’]m)?\s*(?:not able|unable) to)"
_VERBS = (
    r"(?:help|assist|comply|provide|create|generate|fulfil|answer|write|do|produce|discuss|complete|continue)"
)
_ENGLISH = re.compile(
    r"(?:as an ai[^?]{0,100}?|(?:i['’]m|i am|we['’]re)?\s*(?:very |so |really )?(?:sorry|afraid)[^?]{0,40}?"
    rf"|(?:i|my) apologi[^?]{{0,40}}?|unfortunately,?\s*)?\bi\s*(?:['’]m|am)?\s*{_CANNOT}\s+"
    rf"(?:be able to\s+)?{_VERBS}\b[^?]{{0,400}}$",
    re.IGNORECASE,
)


def is_refusal(text: str) -> bool:
    """Whether a text begins with a sentence in which a model refuses what was asked; questions are none.

    Examples
    --------
    >>> is_refusal("죄송하지만 요청하신 내용은 도와드릴 수 없습니다.")
    True
    >>> is_refusal("죄송하지만 환불할 수 없습니다라는 안내는 언제 나오나요?")
    False
    """
    opening = text.strip()
    english = re.split(r"(?<=[.!])\s", opening, maxsplit=2)
    return bool(_KOREAN.match(opening)) or any(
        _ENGLISH.match(candidate) for candidate in (english[0], " ".join(english[:2]))
    )
