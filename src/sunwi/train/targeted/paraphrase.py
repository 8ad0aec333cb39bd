"""Paraphrases of a Korean question without a language model: endings, josa, word order, synonyms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from sunwi.josa import KINDS, josa
from sunwi.resources import resource_folder
from sunwi.text import FRAME_TERMS, content_morphemes, kiwi, squeeze

if TYPE_CHECKING:
    from kiwipiepy import Token

WORDINGS = resource_folder("sunwi.train.targeted.wordings")
_CONSTITUENT_ENDS = frozenset({"JKS", "JKO", "JKB", "JX"})
_DROPPED = frozenset({"JKS", "JKO", "JX"})
_DROPPED_FORMS = frozenset({"이", "가", "을", "를", "은", "는"})
_PREDICATES = ("VV", "VA", "VX", "VCP", "VCN", "XSV", "XSA")


@cache
def wordings(name: str) -> tuple[tuple[str, str], ...]:
    """Pairs of a committed list: "endings" or "synonyms", as (text in the question, its replacement)."""
    text = WORDINGS.joinpath(f"{name}.tsv").read_text(encoding="utf-8")
    return tuple((left, right) for left, right in (line.split("\t") for line in text.splitlines()))


def paraphrases(question: str, limit: int) -> list[str]:
    """At most `limit` other wordings, each by one rule, rules in turn; the meaning stays the same.

    Content morphemes must stay, save a word and its synonym: a paraphrase that asks for something else is
    a wrong label.

    Examples
    --------
    >>> paraphrases("고려 시대에 팔만대장경을 만든 이유는 무엇인가?", 4)[:2]
    ['고려 시대에 팔만대장경을 만든 이유는 무엇인가요?', '고려 시대에 팔만대장경 만든 이유는 무엇인가?']
    """
    (tokens,) = kiwi().tokenize([question])
    rules = [
        [(text, set[str]()) for text in _other_endings(question)],
        [(text, set[str]()) for text in _without_josa(question, tokens)],
        [(text, set[str]()) for text in _other_orders(question, tokens)],
        list(_with_synonyms(question)),
    ]
    texts: list[str] = []
    seen = {squeeze(question)}
    for turn in range(max(map(len, rules), default=0)):
        for rule in rules:
            if turn >= len(rule) or len(texts) == limit:
                continue
            text, moved = rule[turn]
            if squeeze(text) not in seen and _means_alike(tokens, text, moved):
                texts.append(text)
                seen.add(squeeze(text))
    return texts


def _other_endings(question: str) -> Iterator[str]:
    bare = question.rstrip(" ?？.")
    mark = question[len(bare) :].strip()
    for old, new in wordings("endings"):
        if bare.endswith(old):
            yield bare.removesuffix(old) + new + mark


def _without_josa(question: str, tokens: Sequence[Token]) -> Iterator[str]:
    """The question without one subject, topic or object josa, as people type it; the last ones first.

    The last topic josa stays where nothing but the asking word follows: without it the two run together.
    """
    marks = [token for token in tokens if token.tag in _DROPPED and token.form in _DROPPED_FORMS]
    for token in reversed(marks):
        rest = question[token.start + token.len :]
        if rest[:1] == " " and len(rest.split()) > 1:
            yield question[: token.start] + rest


def _other_orders(question: str, tokens: Sequence[Token]) -> Iterator[str]:
    """The first two constituents exchanged: before the first predicate Korean orders them freely."""
    ends: list[tuple[int, str]] = []
    for token in tokens:
        if token.tag.startswith(_PREDICATES):
            break
        end = token.start + token.len
        if token.tag in _CONSTITUENT_ENDS and question[end : end + 1] == " ":
            ends.append((end, token.tag))
    else:
        return
    if len(ends) >= 2 and ends[1][1] == "JKO":  # an adverbial belongs to what follows it ("압력에 따라")
        (first, _), (second, _) = ends[:2]
        yield f"{question[first + 1 : second]} {question[:first]}{question[second:]}"


def _with_synonyms(question: str) -> Iterator[tuple[str, set[str]]]:
    """The question with one word exchanged, and the morphemes that this may move."""
    for old, new in wordings("synonyms"):
        words = question.split(" ")
        for position, word in enumerate(words):
            rest = word.removeprefix(old)
            if word.startswith(old) and len(rest) <= 2 and rest.rstrip("?") in _PARTICLES:
                other = [*words[:position], new + _agreeing(rest, new), *words[position + 1 :]]
                (moved,) = kiwi().tokenize([f"{old} {new}"])
                yield " ".join(other), set(content_morphemes(moved))
                break


_PARTICLES = frozenset({"", "은", "는", "이", "가", "을", "를", "에", "의", "도", "로", "으로"})


def _agreeing(rest: str, word: str) -> str:
    """A josa in the form that agrees with the new word, and the question mark behind it."""
    particle = rest.rstrip("?")
    agreeing = josa(word, KINDS[particle]) if particle in KINDS else particle
    return agreeing + rest[len(particle) :]


def _means_alike(tokens: Sequence[Token], text: str, moved: set[str]) -> bool:
    (others,) = kiwi().tokenize([text])
    free = FRAME_TERMS | moved
    return set(content_morphemes(tokens)) - free == set(content_morphemes(others)) - free
