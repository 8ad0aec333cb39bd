"""From a dialogue to one query that can be searched alone: the last turn, after the topic it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sunwi.records.corpus import Message
from sunwi.text import kiwi, normalise

if TYPE_CHECKING:
    from kiwipiepy import Token

Context = Literal["nouns", "turns"]

SELF_CONTAINED_NOUNS = 3  # a last turn with as many content nouns and no pointer names its topic itself
SELF_CONTAINED_TERMS = 2  # what it still gets: "왜 달이 더 큰 몫을 해?" after a turn on tides needs them

_HEADS = frozenset({"NNG", "NNP", "SL", "SH"})
_PARTS = _HEADS | {"SN", "XPN", "XSN"}  # what a compound noun is built of: 초+대형, 4+K, 과학+자
_SPECIFIC = frozenset({"NNP", "SL", "SH", "XPN"})
_PLURAL = frozenset({"들", "네"})
# Nouns that frame a question, place it in time or keep the talk going: they name no topic.
_FRAME_NOUNS = frozenset({
    "이유", "원인", "까닭", "방법", "경우", "때문", "때", "뜻", "의미", "설명", "질문", "대답", "답", "말",
    "얘기", "이야기", "소리", "생각", "궁금", "관련", "관계", "정도", "존재", "발생", "처음", "원래",
    "진짜", "정말", "사실", "보통", "요즘", "요새", "오늘", "어제", "내일", "지금", "아까", "방금", "그때",
    "이때", "예전", "옛날", "나중", "올해", "작년", "내년", "이번", "지난번", "다음", "하루", "그동안",
    "사람", "모습", "부분", "쪽", "일", "점", "필요", "도움", "공부", "고민", "걱정", "작성", "조사",
})  # fmt: skip
# Pronouns that point at no earlier turn: the speakers, and question words.
_OTHER_PRONOUNS = frozenset({
    "나", "너", "저", "우리", "저희", "내", "네", "제", "자기", "당신", "뭐", "뭣", "무엇", "누구", "어디",
    "언제", "아무",
})  # fmt: skip
_POINTERS = frozenset({
    "그", "이", "저", "그런", "이런", "저런", "그렇", "이렇", "저렇", "그러", "이러", "그렇게", "이렇게",
    "그럼", "그러면", "그래서", "그런데", "근데", "그때", "둘",
})  # fmt: skip
_POINTER_TAGS = ("MM", "MAJ", "MAG", "NNG", "NR", "VA", "VV")


@dataclass(frozen=True, slots=True)
class Term:
    """A content noun as written in the text, with the nouns it is built of.

    It is specific if it contains a name, a Latin or Han word or a prefix, or is a compound of nouns.
    """

    surface: str
    heads: frozenset[str]
    specific: bool


def last_user_turn(messages: Sequence[Message]) -> str:
    """Text of the last user turn, cleaned and on one line; "" if there is none."""
    turns = [message.content for message in messages if message.role == "user"]
    return _one_line(turns[-1]) if turns else ""


def standalone_query(messages: Sequence[Message], context_terms: int, context: Context = "nouns") -> str:
    """The last user turn, after what it refers to.

    By "turns" that is every earlier user turn as it was said; by "nouns" those content nouns of the earlier
    user turns (only if they give none, of the last assistant turn) that the last one lacks, at most
    `context_terms`, the specific ones first, then in order of appearance. A last turn that names its topic
    itself, that is, has `SELF_CONTAINED_NOUNS` content nouns and nothing that points back, gets at most
    `SELF_CONTAINED_TERMS` nouns by either rule. A single turn is cleaned alone, and with no
    `context_terms` so is every last turn.

    Examples
    --------
    >>> talk = [("user", "은하들이 점점 멀어진다며?"), ("assistant", "네."), ("user", "그걸 어떻게 알았어?")]
    >>> messages = [Message(role=role, content=content) for role, content in talk]
    >>> standalone_query(messages, context_terms=8)
    '은하 그걸 어떻게 알았어?'
    >>> standalone_query(messages, context_terms=8, context="turns")
    '은하들이 점점 멀어진다며? 그걸 어떻게 알았어?'
    """
    last = last_user_turn(messages)
    last_position = max(
        (position for position, message in enumerate(messages) if message.role == "user"), default=0
    )
    earlier = [message for message in messages[:last_position] if message.content.strip()]
    if not earlier or not context_terms:
        return last
    tokens = kiwi().tokenize(last)
    own = list(content_nouns(last, tokens))
    self_contained = len(own) >= SELF_CONTAINED_NOUNS and not any(map(_points_back, tokens))
    if context == "turns" and not self_contained:
        return joined_turns(messages)
    lacking = _lacking(own, (message.content for message in earlier if message.role == "user"))
    if not lacking:
        replies = [message.content for message in earlier if message.role == "assistant"]
        lacking = _lacking(own, replies[-1:])
    limit = min(context_terms, SELF_CONTAINED_TERMS) if self_contained else context_terms
    chosen = sorted(lacking, key=lambda term: not term.specific)[:limit]  # stable: keeps the reading order
    return " ".join([*(term.surface for term in chosen), last])


def joined_turns(messages: Sequence[Message]) -> str:
    """All user turns in their order, cleaned and on one line: the whole of what the user said.

    Examples
    --------
    >>> talk = [("user", "은하들이 점점 멀어진다며?"), ("assistant", "네."), ("user", "그걸 어떻게 알았어?")]
    >>> joined_turns([Message(role=role, content=content) for role, content in talk])
    '은하들이 점점 멀어진다며? 그걸 어떻게 알았어?'
    """
    turns = [_one_line(message.content) for message in messages if message.role == "user"]
    return " ".join(turn for turn in turns if turn)


def content_nouns(text: str, tokens: Sequence[Token]) -> Iterator[Term]:
    """Nouns and compounds (nouns written without a space) of an analysed text, in reading order."""
    run: list[Token] = []
    for token in tokens:
        touches = bool(run) and run[-1].start + run[-1].len == token.start
        if run and not (touches and token.tag in _PARTS):
            yield from _term(text, run)
            run = []
        if token.tag in _PARTS:
            run.append(token)
    yield from _term(text, run)


def _term(text: str, run: Sequence[Token]) -> Iterator[Term]:
    if run and run[-1].tag == "XSN" and run[-1].form in _PLURAL:
        run = run[:-1]
    heads = [token.form.lower() for token in run if token.tag in _HEADS]
    if not heads or _FRAME_NOUNS.issuperset(heads):
        return
    surface = text[run[0].start : run[-1].start + run[-1].len]
    yield Term(surface, frozenset(heads), len(heads) > 1 or any(token.tag in _SPECIFIC for token in run))


def _lacking(own: Iterable[Term], texts: Iterable[str]) -> list[Term]:
    """Terms of the texts with a noun that neither the question nor an earlier term has."""
    seen = {head for term in own for head in term.heads}
    lacking: list[Term] = []
    for text in map(_one_line, texts):
        for term in content_nouns(text, kiwi().tokenize(text)):
            if not term.heads <= seen and all(term.surface != other.surface for other in lacking):
                lacking.append(term)  # the same word may be analysed in two ways: 초+전도+체, 초+전도체
                seen |= term.heads
    return lacking


def _points_back(token: Token) -> bool:
    if token.tag == "NP":
        return token.form not in _OTHER_PRONOUNS
    return token.tag.startswith(_POINTER_TAGS) and token.form in _POINTERS


def _one_line(text: str) -> str:
    return " ".join(normalise(text).split())
