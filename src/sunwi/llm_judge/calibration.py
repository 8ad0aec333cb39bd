"""How far the language model agrees with people, and whether it may judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sunwi.judging.agreement import SAMPLES, Agreement, kappa
from sunwi.judging.merging import Held, merge
from sunwi.judging.records import Pair, SplitName, people
from sunwi.llm.task import Completer
from sunwi.llm_judge.rubric import Pair as Asked
from sunwi.llm_judge.rubric import grade_pairs
from sunwi.llm_judge.trust import Trust
from sunwi.params.judge import JudgeParams
from sunwi.runtime import text_hash

FITTED: tuple[SplitName, ...] = ("dev", "new")  # grades of test queries must not decide what is trained
PEOPLE = "people"
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
    """The model's grades beside people's."""

    agreement: Agreement
    asked: int
    graded: int
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
    of_model = {
        one.pair: outcome.value.grade
        for one, outcome in zip(pairs, outcomes, strict=True)
        if outcome.value is not None
    }
    of_people = {one.pair: one.grade for one in pairs}
    found = kappa(of_people, of_model, (PEOPLE, client.model), seed, samples)
    statuses = Counter[str](outcome.status for outcome in outcomes)
    return Calibration(found, len(pairs), len(of_model), statuses)


def trust_of(settings: JudgeParams, agreement: Agreement | None) -> Trust:
    """Whether the model may judge by its agreement with people.

    Examples
    --------
    >>> trust_of(JudgeParams(), None)
    Trust(used=False, why='judge.provider is none')
    >>> trust_of(JudgeParams(provider="llm"), Agreement(("people", "m"), 40, 0.6, 0.3, 0.8)).used
    False
    """
    if settings.provider == "none":
        return Trust(False, "judge.provider is none")
    if settings.floor is None:
        return Trust(True, "judge.floor is null: used without proof")
    if agreement is None or agreement.pairs < settings.min_pairs:
        return Trust(False, "people graded too few pairs of dev or new queries (judge.min_pairs)")
    if agreement.low is None:
        return Trust(False, "agreement with people is not defined: all grades are the same")
    if agreement.low < settings.floor:
        return Trust(False, "agreement with people is below judge.floor")
    return Trust(True, "agreement with people reaches judge.floor")


def agreement_metrics(agreement: Agreement) -> dict[str, Any]:
    """The coefficient with its interval, as metrics files show it."""
    values = {"value": agreement.value, "low": agreement.low, "high": agreement.high}
    return {
        "judges": list(agreement.judges),
        "pairs": agreement.pairs,
        **{name: None if value is None else round(value, 4) for name, value in values.items()},
    }
