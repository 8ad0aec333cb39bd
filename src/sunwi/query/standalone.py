"""From a dialogue to one query that can be searched alone: the last turn, with the topic that it points back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sunwi.records import Message
from sunwi.text import kiwi, normalise

if TYPE_CHECKING:
    from kiwipiepy import Token

_NOUN_PARTS = frozenset({"NNG", "NNP", "SL", "SH", "SN", "XPN", "XSN"})  # what a compound noun is built of
_NOUN_HEADS = frozenset({"NNG", "NNP", "SL", "SH"})  # at least one of these makes it a noun
# Nouns that frame a question, place it in time or stand for something else: they name no topic.
_FRAME_NOUNS = frozenset(
    "이유 원인 까닭 방법 경우 때문 때 뜻 의미 설명 질문 대답 답 말 얘기 이야기 소리 생각 궁금 관련 관계 정도 처음 "
    "원래 진짜 정말 사실 보통 요즘 요새 오늘 어제 내일 지금 아까 방금 그때 이때 예전 옛날 나중 올해 작년 내년 "
    "이번 지난번 다음 하루 그동안 사람 모습 부분 쪽 일 점 필요 도움 공부 고민 걱정 작성 조사 네 응 예 아니".split()
)
_ASIDE_PRONOUNS = frozenset("나 너 저 우리 저희 내 네 제 자기 당신 뭐 뭣 무엇 누구 누 어디 언제 아무".split())
_POINTERS = frozenset("그 이 저 그런 이런 저런 그렇 이렇 그러 이러 그렇게 이렇게 그럼 그러면 그래서 그때 둘".split())
_POINTER_TAGS = ("MM", "MAJ", "MAG", "NR", "VA", "VV")
SELF_CONTAINED_NOUNS = 3  # a last turn with as many topic nouns and no pointer names its topic itself


@dataclass(frozen=True, slots=True)
class Term:
    """A content noun as it stands in the text; specific ones are names, Latin words and compounds."""

    surface: str
    specific: bool


def last_user_turn(messages: Sequence[Message]) -> str:
    """Text of the last user turn on one line, cleaned; "" if there is none."""
    return next((_one_line(message.content) for message in reversed(messages) if message.role == "user"), "")


def standalone_query(messages: Sequence[Message], context_terms: int) -> str:
    """The last user turn, after the content nouns of earlier turns that it lacks.

    The nouns come from the earlier user turns, and from the last assistant turn before it only if those
    give none. At most `context_terms` are taken: names, Latin words and compounds first, then in order of
    appearance. A single turn is only cleaned. A last turn that names its topic itself (at least
    `SELF_CONTAINED_NOUNS` content nouns, nothing that points back) takes the specific nouns alone.
    """
    asked = max((at for at, message in enumerate(messages) if message.role == "user"), default=None)
    if asked is None:
        return ""
    last = _one_line(messages[asked].content)
    if context_terms == 0:
        return last
    context = _context(messages[:asked], last)
    if _is_self_contained(last):
        context = [term for term in context if term.specific]
    chosen = sorted(context, key=lambda term: not term.specific)[:context_terms]  # stable: keeps the order
    return " ".join([*(term.surface for term in chosen), last])
