"""A keyword query, as people type it into a search box: the phrases that a passage speaks of most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from sunwi.qa.template.term import is_term

if TYPE_CHECKING:
    from kiwipiepy import Token

_COMPOUND = frozenset({"NNG", "NNP", "XSN", "XPN", "SL", "SN"})
_POSITIONS = frozenset({"때", "가운데", "동안", "사이", "이상", "이하", "경우", "정도", "적"})
_LONGEST = 4  # morphemes in one phrase
PHRASES = 3


def keyword_query(title: str, content: str, tokens: Sequence[Token]) -> str | None:
    """Two or three noun phrases, in the order in which the passage has them; None if it has fewer.

    A phrase weighs by how often the passage has it, more in a title, less if it is short; so a
    query depends on its own passage alone.
    """
    title = re.sub(r"\s", "", title)
    counts: Counter[str] = Counter()
    first_at: dict[str, int] = {}
    runs = [
        (inside, list(group)) for inside, group in groupby(tokens, key=lambda token: token.tag in _COMPOUND)
    ]
    for (inside, phrase), (_, after) in pairwise([*runs, (False, [])]):
        if not inside or len(phrase) > _LONGEST or phrase[0].tag in {"XSN", "SN"}:
            continue
        verbal = bool(after) and after[0].tag in {"XSV", "XSA"}  # 필요하다, 발생한다
        if verbal or phrase[-1].form in _POSITIONS or any(token.tag == "SN" for token in phrase[1:]):
            continue
        text = content[phrase[0].start : phrase[-1].end]
        if "\n" in text or phrase[-1].form == "적" or phrase[-1].tag in {"XPN", "SN"}:
            continue
        if is_term(phrase, text):
            counts[text] += 1
            first_at.setdefault(text, phrase[0].start)

    def weight(text: str) -> float:
        in_title = 2.0 if re.sub(r"\s", "", text) in title and title else 1.0
        return in_title * counts[text] * min(len(text), 6) / (1 + first_at[text] / 400)

    ordered = sorted(counts, key=lambda text: (-weight(text), first_at[text], text))
    distinct: list[str] = []
    for text in ordered:
        if len(distinct) == PHRASES:
            break
        if not any(text in other or other in text for other in distinct):
            distinct.append(text)
    best = sorted(distinct, key=lambda text: first_at[text])
    return " ".join(best) if len(best) > 1 else None
