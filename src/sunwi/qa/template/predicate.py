"""Patterns of one predicate each, about a bare term: cause, place, what decides, how it forms, features."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sunwi.qa.template.pattern import EMPTY_ANSWER, TAIL, Found, Pattern, over_morphemes
from sunwi.qa.template.sentence import Sentence, clauses, refers_back
from sunwi.qa.template.term import is_term

_BY = r"(?:로/JKB |으로/JKB )인하/VV \S+/EC |때문/NNB 에/JKB |에/JKB 의하/VV \S+/EC "
_CAUSE = over_morphemes(
    rf"(?:{_BY})(?:\S+/(?:MAG|NNG|JKB|XSN) )*?"
    rf"(?:발생/NNG 하/XSV |(?P<verb>일어나|생기|나타나)/VV ){TAIL}"
)
_PLACE = over_morphemes(rf"에/JKB (?:위치/NNG 하/XSV |자리/NNG 잡/VV |자리하/VV ){TAIL}")
_DETERMINED = over_morphemes(
    rf"(?:에/JKB (?:의하/VV \S+/EC |따르/VV \S+/EC )|(?:로|으로)/JKB )"
    rf"(?:크/VA 게/EC |주로/MAG )?(?:결정/NNG 되/XSV |정하/VV 어/EC 지/VX ){TAIL}"
)
_FORMED = over_morphemes(
    rf"(?:(?:\S+/EC |에서/JKB )(?:만들/VV 어/EC 지/VX |만들어지/VV )"
    rf"|(?:\S+/EC |에서/JKB )(?:형성|생성)/NNG 되/XSV ){TAIL}"
)
_EMPTY = over_morphemes(EMPTY_ANSWER)
_FEATURE = over_morphemes(
    rf"(?<!다양/XR 하/XSA )(?<!다양/NNG 하/XSA )(?<!비슷/XR 하/XSA )(?<!고유/NNG 하/XSA )(?:는|ᆫ|은)/ETM "
    rf"(?:특징|특성)/NNG 을/JKO (?:가지|갖|지니|띠)/VV {TAIL}"
)


def _matches(sentence: Sentence, pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """The sentence's topic and the match, for every clause about it that the pattern fits."""
    topic = sentence.topic
    if topic is None or not is_term(topic.tokens, topic.text):
        return
    for clause in clauses(sentence, topic.josa + 1):
        match = pattern.search(clause.code)
        empty = clause.has_subject() or refers_back(clause.tokens) or _EMPTY.search(clause.code)
        if not match or empty:
            continue
        if "않/VX " not in match[0] and "보다/JKB " not in clause.code:
            yield topic.text, match


def cause(sentence: Sentence) -> Iterator[Found]:
    """`X는 ...로 인해 발생한다`: why X happens."""
    for text, match in _matches(sentence, _CAUSE):
        yield Found({"X": text, "V": match["verb"] or "발생하"}, text)


def place(sentence: Sentence) -> Iterator[Found]:
    """`X는 ...에 위치한다`: where X is."""
    for text, _ in _matches(sentence, _PLACE):
        yield Found({"X": text}, text)


def determined(sentence: Sentence) -> Iterator[Found]:
    """`X는 ...에 의해 결정된다`: what decides X."""
    for text, _ in _matches(sentence, _DETERMINED):
        yield Found({"X": text}, text)


def formed(sentence: Sentence) -> Iterator[Found]:
    """`X는 ...서 만들어진다`: how X comes about."""
    for text, _ in _matches(sentence, _FORMED):
        yield Found({"X": text}, text)


def feature(sentence: Sentence) -> Iterator[Found]:
    """`X는 ...는 특징을 가진다`: the features of X."""
    for text, _ in _matches(sentence, _FEATURE):
        yield Found({"X": text}, text)


PREDICATES: dict[str, Pattern] = {
    "feature": feature,
    "cause": cause,
    "formed": formed,
    "determined": determined,
    "place": place,
}
