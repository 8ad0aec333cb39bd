"""The category of a failure: rules over the morphemes of question, positive and beating passage."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sunwi.text import FRAME_TERMS, content_morphemes, jaccard, kiwi, overlap

CATEGORIES = (
    "number_or_date", "negation", "entity_swap", "ambiguous_question", "near_topic", "other",
)  # fmt: skip
_ASKS_NUMBER = re.compile(r"몇|언제|얼마|며칠|연도|년도|날짜|수치|비율|나이")
_NEGATIONS = frozenset({"안", "못", "않", "아니", "말", "없", "아니하"})
_ENOUGH = 0.5  # share of a question's words in a passage that may answer it
_FEW_TERMS = 2  # content morphemes of a question that many passages could answer


@dataclass(frozen=True, slots=True)
class Reading:
    """A text's content morphemes, numbers, names and negations."""

    text: str
    terms: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    negations: frozenset[str]


def read(texts: Sequence[str]) -> dict[str, Reading]:
    """Each text analysed by Kiwi."""
    readings = {}
    for text, tokens in zip(texts, kiwi().tokenize(list(texts)), strict=True):
        readings[text] = Reading(
            text,
            frozenset(content_morphemes(tokens)),
            frozenset(token.form for token in tokens if token.tag == "SN"),
            frozenset(token.form.lower() for token in tokens if token.tag in {"NNP", "SL", "SH"}),
            frozenset(
                token.form
                for token in tokens
                if token.form in _NEGATIONS and token.tag.startswith(("MAG", "V"))
            ),
        )
    return readings


def category_of(
    question: Reading, positive: Reading, beating: Reading, margins: Mapping[str, float], near_topic: float
) -> str:
    """The first that holds of:

    `label_doubtful`: every scorer prefers the beating passage, and it has half of the question's words or
    more, and no fewer than the positive; it may be right. `number_or_date`: it lacks a number of the
    question that the positive has, or the question asks for one and both are of one topic. `negation`: the
    question denies, and only one of them does. `entity_swap`: it lacks a name of the question that the
    positive has. `ambiguous_question`: the question has too few words of its own. `near_topic`: both share
    much of their words. `other`.
    """
    shared = overlap(sorted(question.terms), set(beating.terms))
    own = overlap(sorted(question.terms), set(positive.terms))
    topic = jaccard(set(positive.terms), set(beating.terms))
    if margins and min(margins.values()) > 0 and shared >= max(own, _ENOUGH):
        return "label_doubtful"
    if question.numbers & positive.numbers - beating.numbers:
        return "number_or_date"
    if _ASKS_NUMBER.search(question.text) and topic >= near_topic:
        return "number_or_date"
    if question.negations and bool(positive.negations) != bool(beating.negations):
        return "negation"
    if question.names & positive.names - beating.names:
        return "entity_swap"
    if len(question.terms - FRAME_TERMS) <= _FEW_TERMS:
        return "ambiguous_question"
    return "near_topic" if topic >= near_topic else "other"
