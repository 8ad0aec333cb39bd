"""Patterns whose questions are mostly good: why, condition, purpose, name, amount."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sunwi.josa import josa
from sunwi.qa.template.adnominal import adnominal
from sunwi.qa.template.pattern import NOUN, TAIL, Found, Pattern, over_morphemes
from sunwi.qa.template.sentence import Clause, Sentence, refers_back
from sunwi.qa.template.term import is_phrase, is_term
from sunwi.qa.template.vocabulary import COMMON, MEASURES, NARRATIVE

if TYPE_CHECKING:
    from kiwipiepy import Token

_SHORTEST, _LONGEST = 6, 52  # characters of a clause that is asked about
_REASON = over_morphemes(r"기/ETN 때문/NNB 에/JKB (?:,/SP )?|(?:므로|으므로)/EC (?:,/SP )?")
# clauses that cannot be asked for as they are: conditions, lists, duties, guesses, numbers
_UNCLEAR = over_morphemes(r"(?:면|으면|고|며|으며|지만|어야|아야|야)/EC (?!\S+/VX)|,/SP |것/NNB |\S+/SN ")
_TRANSITIVE = over_morphemes(
    rf"(?:\S+/(?:NNG|NNP|XSN) 하/XSV |(?:보|쓰|부르|치|넣|두|만들)/VV )"
    rf"(?:\S+/E\S |\S+/ETM |수/NNB |있/V\S+ ){{0,4}}{TAIL}"
)
_BECAUSE = over_morphemes(rf"(?:것|이유|까닭)/\S+ (?:은|는)/JX .*(?:기|ᆷ)?/?(?:ETN )?때문/NNB 이/VCP {TAIL}")
_CONDITION = over_morphemes(r"(?:면|으면)/EC (?:,/SP )?")
_IS_KIND = over_morphemes(
    r"이/VCP |\S+/ETM \S+/NNG (?:으로|로)/JKB ,/SP |\S+/ETM (?:현상|것)/\S+ (?:을|를)/JKO "
)
_NOT_CONDITION = over_morphemes(
    r"(?:따르|하|비하|들|보|말하|요약하|관하)/V\S+ (?:면|으면)/EC $|다면|/VCP (?:면|으면)/EC $"
)
_PURPOSE = over_morphemes(
    r"기/ETN (?:위하/VV )(?:어|어서)/EC (?:는/JX |ᆫ/JX )?(?:,/SP )?|(?:려면|으려면)/EC (?:,/SP )?"
)
_DEMAND = over_morphemes(rf"필요/NNG 하/XSA {TAIL}|(?:어야|아야|야)/EC (?:하|되)/V\S+ {TAIL}")
_NEED = over_morphemes(rf"필요/NNG 하/XSA {TAIL}")
_NAME = over_morphemes(
    rf"(?P<what>(?:현상|과정|것|일|방법|성질|상태|에너지|반응|힘|값|온도|능력|운동|물질|작용|점|지점|시간"
    rf"|양|비율)/NN[GB] )"
    rf"(?:을|를)/JKO (?P<term>{NOUN}+)(?:이/VCP )?(?:라고|라|이라|이라고)/\S+ (?:하|부르)/V\S+ {TAIL}"
)
_MEANT = over_morphemes(
    rf"(?P<what>(?:현상|과정|것|일|방법|성질|상태|에너지|반응|힘|값|온도|능력|운동|작용)/NN[GB] )"
    rf"(?:을|를)/JKO (?:(?:말|의미|뜻)/NNG 하/XSV |뜻하/VV ){TAIL}"
)
_AMOUNT = over_morphemes(
    rf"(?:약/MM |대략/MAG |평균/NNG |보통/MAG )*\S+/SN (?:(?:\S+/SN |~/SO |-/SO |×/SW |\./\S+ ))*"
    rf"(?:\S+/(?:NR|SL|NNB|NNG|SW|SO) )+(?:이/VCP |정도/NNG 이/VCP ){TAIL}"
)
_LEAST_NOUN_CHARS = 4


def _clean(sentence: Sentence, first: int, last: int) -> str | None:
    """The words from `first` to before `last`, if they can be understood without the passage."""
    tokens = sentence.tokens[first:last]
    text = sentence.span(first, last).strip(" ,")
    if refers_back(tokens) or not _SHORTEST <= len(text) <= _LONGEST:
        return None
    if any(mark in text for mark in "\"'“”‘’()[]:;?\n") or any(t.tag in {"EF", "SF", "MAJ"} for t in tokens):
        return None
    if any(token.form in NARRATIVE for token in tokens) or tokens[0].form in {"두", "세", "양", "반대"}:
        return None
    if any(token.form == "때문" for token in tokens):
        return None
    return text


def _has_topic(sentence: Sentence, first: int, last: int) -> bool:
    pairs = zip(sentence.tokens[first : last - 1], sentence.tokens[first + 1 : last], strict=True)
    return any(
        after.tag == "JX" and after.form in {"은", "는", "ᆫ"} and not before.tag.startswith("J")
        for before, after in pairs
    )


def _specific(tokens: Sequence[Token]) -> bool:
    """Whether the nouns say what the condition is about: `온도가 높아지면` alone does not."""
    nouns = (token for token in tokens if token.tag.startswith(("NN", "SL")) and token.form not in COMMON)
    return sum(len(noun.form) for noun in nouns) >= _LEAST_NOUN_CHARS


def _subject(sentence: Sentence) -> tuple[str, int] | None:
    """Topic's text and the token after its josa, if it can stand in a question."""
    topic = sentence.topic
    if topic is None:
        return None
    text = topic.text
    if is_term(topic.tokens, text) or is_phrase(topic.tokens, text):
        return text, topic.josa + 1
    return None


def why(sentence: Sentence) -> Iterator[Found]:
    """`R기 때문에 C`, `R므로 C`: why C."""
    match = _REASON.search(sentence.code)
    if not match:
        return
    reason_end = sentence.index(match.start())
    start = sentence.index(match.end())
    end = next((i for i in range(start, len(sentence.tokens)) if sentence.tokens[i].tag == "EF"), None)
    if end is None or start >= end or _UNCLEAR.search(sentence.code[sentence.offset(start) :]):
        return
    if _clean(sentence, start, end) is None:
        return
    predicate = adnominal(sentence, start, end)
    if predicate is None:
        return
    clause = Clause(sentence, start, end + 1)
    if clause.has_subject():
        question = _topic_to_subject(clause, predicate)
        if question and _specific(clause.tokens):
            yield Found({"C": question}, question)
        return
    subject = _subject(sentence)
    if subject is None or subject[1] > reason_end or _takes_object(clause) or subject[0] in predicate:
        return
    if not _specific([*sentence.tokens[sentence.start : subject[1]], *clause.tokens]):
        return
    whole = f"{subject[0]}{josa(subject[0], '이')} {predicate}"
    yield Found({"C": whole}, whole)


def _takes_object(clause: Clause) -> bool:
    """Whether the verb lacks an object, so that the topic may be it: `인슐린은 주사로 투여한다`."""
    has_object = any(token.tag == "JKO" for token in clause.tokens)
    return not has_object and _TRANSITIVE.search(clause.code) is not None


def _topic_to_subject(clause: Clause, predicate: str) -> str | None:
    """`X는 Z하는` reads `X가 Z하는` before 이유; None if the clause starts with no usable subject."""
    sentence = clause.sentence
    for index in range(clause.first, clause.last):
        token = sentence.tokens[index]
        if token.tag in {"EC", "ETM", "SP"}:
            break
        if token.tag == "JKS" or (token.tag == "JX" and token.form in {"은", "는"}):
            if sentence.tokens[index - 1].tag.startswith("J"):
                return None
            if token.tag == "JX" and _takes_object(clause):
                return None
            phrase = sentence.span(clause.first, index)
            tokens = sentence.tokens[clause.first : index]
            if not (is_term(tokens, phrase) or is_phrase(tokens, phrase)):
                return None
            rest = predicate[len(sentence.span(clause.first, index + 1)) :].strip()
            return f"{phrase}{josa(phrase, '이')} {rest}"
    return None


def because(sentence: Sentence) -> Iterator[Found]:
    """`C는 것은 R 때문이다`: why C."""
    match = _BECAUSE.search(sentence.code)
    if not match:
        return
    head = sentence.index(match.start())
    if head == 0 or sentence.tokens[head - 1].tag != "ETM":
        return
    text = _clean(sentence, sentence.start, head)
    if text is None or _has_topic(sentence, sentence.start, head):
        return
    if Clause(sentence, sentence.start, head - 1).has_subject():
        yield Found({"C": text}, text)


def condition(sentence: Sentence) -> Iterator[Found]:
    """`C면 R`: what happens if C."""
    match = _CONDITION.search(sentence.code)
    if not match or _NOT_CONDITION.search(sentence.code[: match.end()].removesuffix(",/SP ")):
        return
    last = sentence.index(match.end())
    while sentence.tokens[last - 1].tag == "SP":
        last -= 1
    text = _clean(sentence, sentence.start, last)
    if text is not None and "," not in text and _can_be_asked(sentence, last):
        yield Found({"C": text}, text)


def _can_be_asked(sentence: Sentence, last: int) -> bool:
    """Whether the condition that ends before token `last` is one clause with a subject or object,
    specific, without numbers, and the sentence answers what follows from it."""
    tokens = sentence.tokens[sentence.start : last]
    tags = {token.tag for token in tokens}
    simple = not any(token.tag == "EC" for token in tokens[:-3]) and "SN" not in tags
    names = any(token.tag == "JX" and token.form in {"란", "이란"} for token in tokens)
    if not simple or names or not tags & {"JKS", "JKO"} or not _specific(tokens):
        return False
    if _DEMAND.search(sentence.code) or re.search(r"어떻/|무엇/|어떤/", sentence.code):
        return False
    topic = sentence.topic
    if topic is None or topic.josa >= last:
        return not _has_topic(sentence, sentence.start, last)
    defines = _IS_KIND.search(
        sentence.code[sentence.offset(last) :]
    )  # `간섭은 파동이 만나면 생기는 현상이다`
    inside = sentence.tokens[topic.josa + 1 : last]
    two_subjects = any(token.tag == "JKS" for token in inside) or _has_topic(sentence, topic.josa + 1, last)
    return not defines and not two_subjects and _subject(sentence) is not None


def purpose(sentence: Sentence) -> Iterator[Found]:
    """`C기 위해 ... 필요하다 / 해야 한다`: what C takes."""
    match = _PURPOSE.search(sentence.code)
    if not match or not _DEMAND.search(sentence.code):
        return
    verb = sentence.index(match.start())
    topic = sentence.topic
    first = sentence.start
    if topic is not None and topic.josa < verb:
        if refers_back(topic.tokens):
            return
        first = topic.josa + 1
    text = _clean(sentence, first, verb)
    if text is None or any(token.tag == "EC" for token in sentence.tokens[first:verb]):
        return
    words = sentence.tokens[first:verb]
    if not any(token.tag in {"JKO", "JKS"} for token in words) or any(token.tag == "SN" for token in words):
        return
    if not _specific(words):
        return
    slots = {"C": f"{text}기"}
    if _NEED.search(sentence.code):
        yield Found({**slots, "Q": "무엇이 필요한가", "P": "필요한 것", "K": "뭐가 필요해"}, text)
    else:
        yield Found({**slots, "Q": "어떻게 해야 하나", "P": "해야 할 일", "K": "어떻게 해야 해"}, text)


def name_of(sentence: Sentence) -> Iterator[Found]:
    """`...하는 현상을 X라고 한다`, `X는 ...하는 현상을 말한다`: the name of what is described."""
    topic = sentence.topic
    match = _MEANT.search(sentence.code)
    if match and topic is not None and is_term(topic.tokens, topic.text):
        first = topic.josa + 1
    else:
        match = _NAME.search(sentence.code)
        first = sentence.start
        if match and topic is not None and topic.josa < sentence.index(match.start()):
            return
    if not match:
        return
    last = sentence.index(match.end("what"))
    text = _clean(sentence, first, last)
    if (
        text is None
        or "," in text
        or sentence.tokens[last - 2].tag != "ETM"
        or any(
            token.tag == "EC" and token.form in {"고", "며", "으며", "지만"}
            for token in sentence.tokens[first:last]
        )
    ):
        return
    yield Found({"C": text}, text)


def amount(sentence: Sentence) -> Iterator[Found]:
    """`X의 수명은 약 120일이다`: how much."""
    topic = sentence.topic
    concludes = sentence.start > 0  # `따라서 ...`: the result of a calculation
    if (
        topic is None
        or concludes
        or topic.tokens[-1].form not in MEASURES
        or not _AMOUNT.search(sentence.code)
    ):
        return
    text = topic.text
    genitive = any(token.tag == "JKG" for token in topic.tokens)
    if genitive and is_term(topic.tokens, text):
        yield Found({"X": text}, text)


MEDIUM: dict[str, Pattern] = {
    "because": because,
    "name_of": name_of,
    "amount": amount,
    "why": why,
    "purpose": purpose,
    "condition": condition,
}
