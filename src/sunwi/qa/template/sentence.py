"""A sentence as Kiwi analyses it: its clauses, its topic, and its parts as text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiwipiepy import Token

_COORDINATING = frozenset(
    {
        "고",
        "며",
        "으며",
        "지만",
        "으나",
        "나",
        "어서",
        "아서",
        "므로",
        "으므로",
        "는데",
        "면서",
        "으면서",
        "다가",
    }
)
_TOPIC_JOSA = frozenset({"은", "는", "ᆫ"})
_PHRASE_TAGS = ("N", "XSN", "XPN", "XR", "SL", "SN", "SH")
_BACKWARD_DETERMINERS = frozenset(
    {"이", "그", "저", "이런", "그런", "저런", "이러한", "그러한", "해당", "본", "어떤"}
)
_BACKWARD_STEMS = frozenset(
    {"이러하", "그러하", "이렇", "그렇", "저렇", "이러", "그러", "이같", "이러한", "그러한", "해당"}
)
_BACKWARD_NOUNS = frozenset(
    {
        "이때",
        "그때",
        "이곳",
        "그곳",
        "이후",
        "이외",
        "여기",
        "거기",
        "후자",
        "다음",
        "각각",
        "당시",
        "주어",
        "위",
    }
)
_BACKWARD_ADVERBS = frozenset(
    {"이렇게", "그렇게", "이처럼", "그처럼", "이와", "그만큼", "이만큼", "각각", "서로"}
)
_OWN_PRONOUNS = frozenset({"자신", "스스로", "자기", "누구", "무엇"})


@dataclass(frozen=True)
class Sentence:
    """One sentence of a passage.

    Attributes
    ----------
    text
        The whole passage; the tokens' offsets count its characters.
    tokens
        The sentence's morphemes.
    number
        Position of the sentence in the passage, from 0.
    title
        The passage's title, if any.
    """

    text: str
    tokens: tuple[Token, ...]
    number: int
    title: str = ""

    @cached_property
    def code(self) -> str:
        """The morphemes as `form/tag`, each followed by one space: what the patterns are matched on."""
        return "".join(f"{token.form}/{token.tag} " for token in self.tokens)

    @cached_property
    def _offsets(self) -> list[int]:
        sizes = (len(token.form) + len(token.tag) + 2 for token in self.tokens)
        return [0, *accumulate(sizes)]

    def offset(self, index: int) -> int:
        """Where token `index` starts in `code`."""
        return self._offsets[index]

    def index(self, offset: int) -> int:
        """The token that starts at an offset of `code`."""
        return bisect_left(self._offsets, offset)

    def span(self, first: int, last: int) -> str:
        """The passage's text from token `first` to before token `last`."""
        if first >= last:
            return ""
        return self.text[self.tokens[first].start : self.tokens[last - 1].end].strip()

    @cached_property
    def start(self) -> int:
        """First token after connectives: `또한,`, `따라서`, `예를 들어,`."""
        match = re.match(
            r"(?:(?:\S+/MAJ |(?:만약|만일|특히|즉|또한|또|한편|그래서|반면|반대로|다만|물론|사실|결국|보통"
            r"|흔히|대체로|이제|먼저)/\S+ "
            r"|일반/NNG 적/XSN 으로/JKB |예/NNG 를/JKO 들/VV (?:어|면)/EC )(?:,/SP )?)*",
            self.code,
        )
        return self.index(match.end()) if match else 0

    @cached_property
    def topic(self) -> Topic | None:
        """What the sentence is about: the words before its first 은/는, if they stand at its start."""
        for index in range(self.start, len(self.tokens)):
            token = self.tokens[index]
            if token.tag in {"EC", "EF", "SP", "JKS"}:
                return None
            if token.tag == "JX" and token.form in _TOPIC_JOSA:
                before = self.tokens[self.start : index]
                if not before or not before[-1].tag.startswith((*_PHRASE_TAGS, "SSC")):
                    return None
                return Topic(self, self.start, index)
        return None


@dataclass(frozen=True)
class Topic:
    """The words from token `first` to before the josa at token `josa`."""

    sentence: Sentence
    first: int
    josa: int

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Its morphemes."""
        return self.sentence.tokens[self.first : self.josa]

    @property
    def text(self) -> str:
        """Its text, without brackets."""
        return re.sub(r"\s*\([^()]*\)", "", self.sentence.span(self.first, self.josa)).strip()


@dataclass(frozen=True)
class Clause:
    """Part of a sentence that ends in a finite ending; `first` to before `last` are its tokens."""

    sentence: Sentence
    first: int
    last: int

    @property
    def code(self) -> str:
        """Its morphemes as `form/tag`."""
        return self.sentence.code[self.sentence.offset(self.first) : self.sentence.offset(self.last)]

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Its morphemes."""
        return self.sentence.tokens[self.first : self.last]

    def has_topic(self) -> bool:
        """Whether it has a topic of its own; 은/는 hardly ever stand in an adnominal clause."""
        return any(
            token.tag == "JX" and token.form in _TOPIC_JOSA and before.tag[0] in "NXS"
            for before, token in pairwise(self.tokens)
        )

    def has_subject(self) -> bool:
        """Whether its main predicate has a topic, or a subject that no adnominal clause takes."""
        subject = False
        for before, token in zip((None, *self.tokens), self.tokens, strict=False):
            if token.tag == "JKS":
                subject = True
            elif before and before.tag in {"ETM", "ETN"} and token.form != "수":  # `-ㄹ 수 있다` is no clause
                subject = False
        return subject or self.has_topic()


def split_sentences(text: str, tokens: Sequence[Token], title: str = "", first: int = 0) -> list[Sentence]:
    """The sentences of an analysed text, numbered from `first`."""
    groups = groupby(tokens, key=lambda token: token.sent_position)
    return [Sentence(text, tuple(group), number, title) for number, (_, group) in enumerate(groups, first)]


def clauses(sentence: Sentence, first: int) -> list[Clause]:
    """The coordinate clauses from token `first` on, until one has a subject of its own.

    So every clause but the first is about the same topic as the first.
    """
    coordinate: list[Clause] = []
    start = first
    tokens = sentence.tokens
    for index in range(first, len(tokens)):
        following = tokens[index + 1].tag if index + 1 < len(tokens) else ""
        coordinates = tokens[index].tag == "EC" and tokens[index].form in _COORDINATING and following != "VX"
        if coordinates or tokens[index].tag == "EF":
            clause = Clause(sentence, start, index + 1)
            if clause.has_topic() or (coordinate and clause.has_subject()):
                break
            coordinate.append(clause)
            start = index + 1
    return coordinate


def refers_back(tokens: Sequence[Token]) -> bool:
    """Whether the words refer to an earlier sentence: `이러한`, `그`, `이때`, `우리` ..."""
    for token in tokens:
        form, tag = token.form, token.tag
        if (
            (tag == "NP" and form not in _OWN_PRONOUNS)
            or (tag == "MM" and form in _BACKWARD_DETERMINERS)
            or form in _BACKWARD_STEMS
            or (tag.startswith("N") and form in _BACKWARD_NOUNS)
            or (tag.startswith("MA") and form in _BACKWARD_ADVERBS)
        ):
            return True
    return False
