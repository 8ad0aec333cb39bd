"""Wordings: for every pattern the endings that people use, polite, plain and colloquial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sunwi.josa import fill
from sunwi.qa.filters.form import MIN_CHARS
from sunwi.runtime import text_hash

Wordings = Mapping[str, Sequence[str]]  # register -> templates

# How often each register is tried first, in tenths: people who search write all three
_TENTHS = ("polite",) * 4 + ("plain",) * 3 + ("colloquial",) * 3
REGISTERS = ("polite", "plain", "colloquial")


def word(wordings: Wordings, slots: Mapping[str, str], *identity: str) -> tuple[str, str]:
    """Question and its register, chosen by the hash of `identity` (seed, docid, pattern ...).

    If a wording is shorter than the form filter allows, the next one is taken.
    """
    number = int(text_hash(*identity)[:12], 16)
    first = _TENTHS[number % 10]
    ordered = [first, *(register for register in REGISTERS if register != first)]
    choices = []
    for register in ordered:
        templates = wordings[register]
        turn = (number // 10) % len(templates)
        choices += [
            (fill(template, **slots), register) for template in (*templates[turn:], *templates[:turn])
        ]
    return next((choice for choice in choices if len(choice[0]) >= MIN_CHARS), choices[0])
