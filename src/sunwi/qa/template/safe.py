"""Patterns whose questions are almost always good: definition, role, use, parts, kinds, influence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sunwi.qa.template.pattern import EMPTY_ANSWER, NOUN_PHRASE, TAIL, Found, Pattern, over_morphemes
from sunwi.qa.template.predicate import PREDICATES
from sunwi.qa.template.sentence import Clause, Sentence, clauses
from sunwi.qa.template.term import is_phrase, is_term
from sunwi.qa.template.vocabulary import ATTRIBUTES, KIND_SUFFIXES, KINDS

_MEANS = over_morphemes(
    rf"(?:을|를)/JKO (?:(?:말|의미|뜻|지칭)/NNG 하/XSV |뜻하/VV |일컫/VV\S* |의미하/VV ){TAIL}"
)
_IS = over_morphemes(rf"(\S+)/(NNG|NNP|XSN) (?:이/VCP {TAIL}|(?:으로|로)/JKB ,/SP )")
_VAGUE = over_morphemes(
    r"중/NNB 하나/NR |가장/MAG |예/NNG |때문/NNB |우리/NP "
    r"|(?:중요|필수|유용)/\S+ (?:적/XSN 이/VCP |하/XSA )ᆫ/ETM "
)
_NAMED = over_morphemes(
    r"(?:을|를)/JKO (?P<term>(?:\S+/(?:NNG|NNP|XSN|XPN|SL|XR) (?:\(/SSO \S+/SL \)/SSC )?)+)"
    rf"(?:(?:이/VCP )?(?:라고|라|이라|이라고)/\S+ (?:하|부르|일컫)/V\S+ "
    rf"|(?:으로|로)/JKB (?:부르|일컫)/V\S+ ){TAIL}"
)
_ROLE = over_morphemes(
    rf"(?P<noun>역할|기능|구실)/NNG 을/JKO (?:잘/MAG |주로/MAG )?"
    rf"(?:하/VV |맡/VV |수행/NNG 하/XSV |담당/NNG 하/XSV ){TAIL}"
)
# a role for `우리`, among `다양한 기능`, or `...에서 중요한 역할`: what it is remains untold
_EMPTY_ROLE = over_morphemes(
    r"(?:우리|저희)/NP |(?:다양|여러|모든|많|같|생물학)/\S+ (?:하/XSA )?(?:적/XSN )?"
    r"(?:(?:ᆫ|은)/ETM |이/VCP ᆫ/ETM )?$"
)
_WEIGHT_ONLY = over_morphemes(r"(?:중요|핵심|필수|주요|크)/\S+ (?:적/XSN 이/VCP |하/XSA )?(?:ᆫ|은)/ETM $")
_FOR_WHAT = over_morphemes(r"(?:에|에게)/JKB |데/NNB |위하/VV |로/JKB |으로서/JKB |로서/JKB ")
_USE = over_morphemes(
    rf"(?:에|에서|로|으로|에/JKB 도)/(?:JKB|JX) (?:\S+/(?:MAG|MM|NNG|XR|XSA|XSN|EC|JKB) )*?"
    rf"(?:쓰이/VV |(?:사용|이용|활용|응용)/NNG 되/XSV ){TAIL}"
)
# `...라는 용어로 쓰인다`, `많이 쓰인다`, `다양한 용도로 쓰인다` tell no use
_NO_USE = over_morphemes(
    r"(?:방법|용어|이름|단어|말|표현|뜻|의미|기호|많이)/\S+ "
    rf"|{EMPTY_ANSWER}(?:\S+/MAG )?(?:쓰이|사용|이용|활용|응용)/"
)
_PARTS = over_morphemes(rf"(?:로|으로)/JKB (?:이루어지/VV |(?:구성|조성)/NNG 되/XSV ){TAIL}")
_NO_PARTS = over_morphemes(
    r"(?:단위|크기|형태|방식|물질|단계|과정|구조|부분)/NNG (?:로|으로)/JKB "
    rf"|{EMPTY_ANSWER}(?:이루어지|구성|조성)/"
)
_KINDS_OF = over_morphemes(
    rf"(?:과|와|나|이나|,)/(?:JC|SP) .*(?:로|으로)/JKB (?:크/VA 게/EC )?(?:나뉘|나누어지|갈라지)/VV {TAIL}"
    rf"|(?:과|와|나|이나|,)/(?:JC|SP) .*(?:로|으로)/JKB (?:구분|분류)/NNG 되/XSV {TAIL}"
)
_INFLUENCE = over_morphemes(
    rf"(?P<on>(?:{NOUN_PHRASE}(?:와|과|나|이나)/JC )*{NOUN_PHRASE})에/JKB (?:(?:도|만)/JX )?"
    rf"(?:\S+/(?:MAG|MM|VA|VA-I|NNG|XSA|XSN|ETM|XR) )*?"
    rf"영향/NNG 을/JKO (?:미치|주|끼치)/VV {TAIL}"
)


def _about(sentence: Sentence) -> Iterator[tuple[str, Clause, bool]]:
    """Subject's text, each clause about it, and whether the subject is a bare term."""
    topic = sentence.topic
    if topic is None:
        return
    text = topic.text
    bare = is_term(topic.tokens, text)
    if bare or is_phrase(topic.tokens, text):
        for clause in clauses(sentence, topic.josa + 1):
            yield text, clause, bare


def _of_subject(text: str) -> Found:
    return Found({"X": text}, text)


def _defines(clause: Clause, term: str) -> bool:
    if _MEANS.search(clause.code):
        return True
    match = _IS.search(clause.code)
    if not match or _VAGUE.search(clause.code):
        return False
    form, tag = match.group(1), match.group(2)
    in_title = re.sub(r"\s", "", term) in re.sub(r"\s", "", clause.sentence.title)
    is_kind = in_title or (form in KIND_SUFFIXES if tag == "XSN" else form in KINDS)
    return is_kind and "/ETM " in clause.code[: match.start()]  # a bare `X는 금속이다` tells too little


def definition(sentence: Sentence) -> Iterator[Found]:
    """`X는 ... 현상이다`, `X는 ...을 말한다`: what X is."""
    first = next(_about(sentence), None)
    if first is None:
        return
    text, clause, bare = first
    genitive = "의/JKG " in Clause(sentence, sentence.start, clause.first).code
    if bare and not genitive and _defines(clause, text):
        yield _of_subject(text)


def naming(sentence: Sentence) -> Iterator[Found]:
    """`...을 X라고 한다`: what X is."""
    for match in _NAMED.finditer(sentence.code):
        first, last = sentence.index(match.start("term")), sentence.index(match.end("term"))
        text = re.sub(r"\s*\([^()]*\)", "", sentence.span(first, last))
        if is_term(sentence.tokens[first:last], text):
            yield _of_subject(text)


def attribute(sentence: Sentence) -> Iterator[Found]:
    """`X의 특징은 ...이다`: asks for what the topic names itself."""
    topic = sentence.topic
    if topic is None or topic.tokens[-1].form not in ATTRIBUTES or len(topic.tokens) < 3:
        return
    text = topic.text
    modifier = topic.tokens[-2]
    if modifier.tag in {"JKG", "ETM"} or modifier.tag.startswith("N"):
        named = any(token.tag.startswith(("NN", "SL")) and token.tag != "NNB" for token in topic.tokens[:-1])
        named = named and topic.tokens[0].form != "가장"  # `가장 큰 원인은`: of what?
        if named and is_phrase(topic.tokens, text) and _is_complete(sentence):
            yield Found({"X": text}, text)


def _is_complete(sentence: Sentence) -> bool:
    return any(token.tag == "EF" for token in sentence.tokens)


def role(sentence: Sentence) -> Iterator[Found]:
    """`X는 ... 역할을 한다`: the role of X."""
    for text, clause, bare in _about(sentence):
        match = _ROLE.search(clause.code)
        if match and bare and not _is_empty_role(clause.code[: match.start()]):
            noun = "역할" if match["noun"] == "구실" else match["noun"]
            yield Found({"X": text, "N": noun}, text)


def _is_empty_role(before: str) -> bool:
    if _EMPTY_ROLE.search(before):
        return True
    return bool(_WEIGHT_ONLY.search(before)) and not _FOR_WHAT.search(before)


def use(sentence: Sentence) -> Iterator[Found]:
    """`X는 ...에 쓰인다`: what X is used for."""
    for text, clause, bare in _about(sentence):
        if bare and _USE.search(clause.code) and not _NO_USE.search(clause.code):
            yield _of_subject(text)


def parts(sentence: Sentence) -> Iterator[Found]:
    """`X는 ...로 이루어진다`: what X consists of."""
    for text, clause, bare in _about(sentence):
        if bare and _PARTS.search(clause.code) and not _NO_PARTS.search(clause.code):
            yield _of_subject(text)


def kinds(sentence: Sentence) -> Iterator[Found]:
    """`X는 A와 B로 나뉜다`: the kinds of X."""
    for text, clause, bare in _about(sentence):
        if bare and _KINDS_OF.search(clause.code):
            yield _of_subject(text)


def influence(sentence: Sentence) -> Iterator[Found]:
    """`X는 Y에 영향을 미친다`: how X acts on Y."""
    for text, clause, _ in _about(sentence):
        match = _INFLUENCE.search(clause.code)
        if not match or "않/VX " in match[0]:
            continue
        start = sentence.offset(clause.first) + match.start("on")
        end = sentence.offset(clause.first) + match.end("on")
        first, last = sentence.index(start), sentence.index(end)
        on = sentence.span(first, last)
        if is_phrase(sentence.tokens[first:last], on) and on not in text:
            yield Found({"X": text, "Y": on}, f"{text}|{on}")


SAFE: dict[str, Pattern] = {
    "definition": definition,
    "naming": naming,
    "attribute": attribute,
    "role": role,
    "use": use,
    "parts": parts,
    "kinds": kinds,
    "influence": influence,
    **PREDICATES,
}
