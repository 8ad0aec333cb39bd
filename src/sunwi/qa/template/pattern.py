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

# An answer such as `다양한 용도로`, `여러 원인에 의해`: they say nothing that can be asked for
EMPTY_ANSWER = (
    r"(?:다양|여러|많|일정|특정)/\S+ (?:하/XSA )?(?:(?:ᆫ|은)/ETM )?"
    r"(?:\S+/(?:NNG|XSN) ){1,2}(?:로|으로|에|에서|에게)/JKB "
)


def over_morphemes(pattern: str) -> re.Pattern[str]:
    """Compile a pattern over codes so that a match starts where a morpheme starts."""
    return re.compile(rf"(?<!\S)(?:{pattern})")
