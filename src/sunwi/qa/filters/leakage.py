"""Leakage: a question that refers to its passage is useless to somebody who has not seen it."""

from __future__ import annotations

import re

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter

_TEXT = r"(?:문서|글|본문|지문|텍스트|문단|문장|기사|단락|구절|제시문|발췌문)"
_DOCUMENT = re.compile(
    rf"(?:^|\s)(?:이|위|위의|본|해당|주어진|다음|제시된|상기)\s*{_TEXT}(?=[에을를은는이가의과와도,\s?]|$)"
    rf"|(?:문서|본문|지문|제시문|텍스트|글)(?:에서|에|상)\s*(?:따르면|따라|의하면|언급|제시|설명|소개|나오|나온|등장|말하|주장)"
    r"|(?:문서|본문|제시문)에서(?:\s|는)|(?:저자|글쓴이|필자)(?:가|는|의|에)\s"
)
_MENTION = re.compile(r"(?:^|[\s(\[])(문서|본문|지문|제시문|발췌문)(?=[가-힣\s]|$)")
_DEICTIC = re.compile(
    r"^(?:(?:이|그|저|이러한|그러한|이런|그런|이와 같은|이 같은|해당|위의|위|앞의|앞서|본)\s"
    r"|(?:이것|그것|이는|이를|이들|그들|그녀|여기서|여기에서|이때|그때|이렇게|그렇게|이로|이에)(?:[은는이가을를의에도]|\s|로|$))"
)


def leakage(candidate: Candidate, evidence: Evidence) -> FilterVerdict:
    """Reject `refers_to_document` (`이 글에서`, `본문에 따르면`) and a leading `deictic` (`이러한 ...`).

    `문서`, `본문`, `지문` are leaks wherever they stand, unless the passage speaks of them itself.
    """
    if match := _DOCUMENT.search(candidate.question):
        return FilterVerdict({"leak": match.group().strip()}, "refers_to_document")
    mentioned = [word for word in _MENTION.findall(candidate.question) if word not in evidence.passage]
    if mentioned:
        return FilterVerdict({"leak": mentioned[0]}, "refers_to_document")
    if match := _DEICTIC.search(candidate.question):
        return FilterVerdict({"leak": match.group().strip()}, "deictic")
    return FilterVerdict()


FILTER = Filter(
    "text",
    30,
    {"refers_to_document": "문단을 가리키는 말", "deictic": "문단 없이는 모를 지시어"},
    leakage,
)
