"""How far the language model agrees with people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sunwi.judging.agreement import SAMPLES, Agreement, kappa
from sunwi.judging.machine import FITTED, PEOPLE
from sunwi.judging.merging import Held, merge
from sunwi.judging.records import Pair, people
from sunwi.llm.task import Completer
from sunwi.llm_judge.rubric import Graded, grade_pairs
from sunwi.llm_judge.rubric import Pair as Asked
from sunwi.params.judge import JudgeParams
from sunwi.runtime import text_hash

TextsOf = Mapping[str, Sequence[str]]  # document to the texts of its passages


@dataclass(frozen=True, slots=True)
class JudgedByPeople:
    """A pair with what people read and the grade that most of them gave."""

    pair: Pair
    query: str
    passage: str
    grade: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """The model's grades beside people's.

    Attributes
    ----------
    grades
        Pair to the model's grade and reason; pairs without a usable answer are left out.
    """

    agreement: Agreement
    asked: int
    grades: dict[Pair, Graded]
    statuses: Counter[str] = field(default_factory=Counter)


def people_pairs(held: Held, texts_of: TextsOf) -> tuple[list[JudgedByPeople], Counter[str]]:
    """Pairs of dev and new queries that people graded, sorted, and what was left out, by reason."""
    own = people(held)
    merged, counted = merge(own), Counter[str]()
    pairs = []
    for split in FITTED:
        for qid, grades in sorted(merged.qrels.get(split, {}).items()):
            for docid, grade in sorted(grades.items()):
                pair = (split, qid, docid)
                lines = [of_judge[pair] for _, of_judge in sorted(own.items()) if pair in of_judge]
                text = shown_text(texts_of.get(docid, ()), {line.shown for line in lines})
                if text is None:
                    counted["passage_changed"] += 1
                else:
                    pairs.append(JudgedByPeople(pair, lines[0].query, text, grade))
    return pairs, counted


def shown_text(texts: Sequence[str], hashes: set[str]) -> str | None:
    """The passage that a judge read; without its hash, the only passage of the document."""
    read = [text for text in texts if text_hash(text) in hashes]
    if read:
        return read[0]
    return texts[0] if hashes == {""} and len(texts) == 1 else None


def calibrate(
    client: Completer,
    pairs: Sequence[JudgedByPeople],
    settings: JudgeParams,
    seed: int,
    samples: int = SAMPLES,
) -> Calibration:
    """Ask the model for every pair and compare; a pair without a usable answer is counted by its status.

    Raises
    ------
    LlmError
        If the run must stop, or a pair got no answer in all tries.
    """
    asked = [Asked(":".join(one.pair), one.query, one.passage) for one in pairs]
    outcomes = grade_pairs(client, asked, settings.passage_chars)
    grades = {
        one.pair: outcome.value
        for one, outcome in zip(pairs, outcomes, strict=True)
        if outcome.value is not None
    }
    of_people = {one.pair: one.grade for one in pairs}
    of_model = {pair: graded.grade for pair, graded in grades.items()}
    found = kappa(of_people, of_model, (PEOPLE, client.model), seed, samples)
    statuses = Counter[str](outcome.status for outcome in outcomes)
    return Calibration(found, len(pairs), grades, statuses)
