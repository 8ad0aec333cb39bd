"""Questions of a sparse encoder besides mined rows: with swapped terms, with held-out terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sunwi.records.questions import Question
from sunwi.runtime import text_hash
from sunwi.search.labelled import LabelledQuestion
from sunwi.train.sparse.bilingual.swapping import TermSwapper, draw_variants

if TYPE_CHECKING:
    from sunwi.records.mined import MinedRow
    from sunwi.train.sparse.bilingual.dictionary import TermPair

HELD_OUT = 5  # one pair of so many is never trained on


@dataclass(frozen=True, slots=True)
class SplitTerms:
    """Term pairs that training sees, and pairs that it never sees."""

    trained: list[TermPair]
    held_out: list[TermPair]


def split_terms(pairs: Sequence[TermPair]) -> SplitTerms:
    """One pair in `HELD_OUT` by the hash of its English term: translations of one term stay together."""
    held_out = [int(text_hash(pair.english.lower())[:8], 16) % HELD_OUT == 0 for pair in pairs]
    return SplitTerms(
        [pair for pair, is_held_out in zip(pairs, held_out, strict=True) if not is_held_out],
        [pair for pair, is_held_out in zip(pairs, held_out, strict=True) if is_held_out],
    )


def of_low_overlap(
    rows: Sequence[MinedRow], questions: Sequence[Question], max_overlap: float
) -> list[MinedRow]:
    """The rows whose question copies at most `max_overlap` of its passage; copying needs no training."""
    overlaps = {question.qid: question.overlap for question in questions}
    return [row for row in rows if overlaps[row.qid] <= max_overlap]


def with_swapped_terms(
    rows: Sequence[MinedRow], pairs: Sequence[TermPair], share: float, seed: int
) -> list[MinedRow]:
    """The rows, and a copy with swapped terms of at most `share` of them; a copy's id ends in "~swapped"."""
    ordered = sorted(rows, key=lambda row: row.qid)
    drawn = draw_variants([row.query for row in ordered], TermSwapper(pairs), share, seed)
    copies = [
        ordered[position].model_copy(update={"query": variant, "qid": f"{ordered[position].qid}~swapped"})
        for position, variant in drawn
    ]
    return sorted([*ordered, *copies], key=lambda row: row.qid)


def cross_lingual_questions(
    labels: Sequence[LabelledQuestion], pairs: Sequence[TermPair]
) -> list[LabelledQuestion]:
    """The questions that hold a term of the pairs, with every such term in the other language."""
    swapper = TermSwapper(pairs)
    swapped = [(label, swapper.all_swapped(label.text)) for label in labels]
    return [replace(label, text=text) for label, text in swapped if text is not None]
