"""What a pattern finds in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sunwi.qa.template.sentence import Sentence


@dataclass(frozen=True)
class Found:
    """A fact that can be asked for: the words for the template's slots.

    `focus` names what is asked about; a passage asks each pattern once per focus.
    """

    slots: Mapping[str, str]
    focus: str


Pattern = Callable[[Sentence], Iterator[Found]]

# Pieces of patterns over `form/tag ` codes (Sejong tags)
NOUN = r"(?:\S+/(?:NN[GP]|XSN|XPN|SL|SN|SH|XR) )"
NOUN_PHRASE = rf"(?:{NOUN}+(?:의/JKG {NOUN}+)?)"
# endings, auxiliaries and `-ㄹ 수 있` after a predicate, up to the end of its clause
TAIL = r"(?:\S+/(?:EP|EC|EF|VX|VX-\S|SF|SP|SSC|SSO) |(?:ᆯ|을)/ETM 수/NNB 있/V\S+ |게/EC 되/VV )*$"


def over_morphemes(pattern: str) -> re.Pattern[str]:
    """Compile a pattern over codes so that a match starts where a morpheme starts."""
    return re.compile(rf"(?<!\S)(?:{pattern})")
