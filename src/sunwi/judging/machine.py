"""Language models' grades beside people's: their agreement, whether they may judge, what they fill."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sunwi.judging.agreement import SAMPLES, Agreement, kappa
from sunwi.judging.merging import Held, Merged, merge
from sunwi.judging.records import Pair, SplitName, machines, people
from sunwi.judging.trust import Trust
from sunwi.params.judge import JudgeParams

FITTED: tuple[SplitName, ...] = ("dev", "new")  # grades of test queries must not decide what is trained
PEOPLE = "people"


def machine_agreement(held: Held, machine: str, seed: int, samples: int = SAMPLES) -> Agreement:
    """Cohen's kappa of a language model's lines with people's majority, over dev and new queries."""
    of_people = _grades(merge(people(held)))
    of_machine = {pair: line.grade for pair, line in held[machine].items() if line.grade is not None}
    return kappa(of_people, of_machine, (PEOPLE, machine), seed, samples)


def _grades(merged: Merged) -> dict[Pair, int]:
    return {
        (split, qid, docid): grade
        for split in FITTED
        for qid, grades in merged.qrels.get(split, {}).items()
        for docid, grade in grades.items()
    }


def trust_of(settings: JudgeParams, agreement: Agreement | None) -> Trust:
    """Whether the model may judge by its agreement with people.

    Examples
    --------
    >>> trust_of(JudgeParams(), None)
    Trust(used=False, why='judge.provider is none')
    >>> trust_of(JudgeParams(provider="llm"), Agreement(("people", "m"), 80, 0.6, 0.3, 0.8)).used
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


def filled_by_machines(merged: Merged, held: Held, settings: JudgeParams, seed: int) -> Merged:
    """People's grades, and where they have none that of language models whose agreement reaches the floor.

    A query that people call chit-chat or unclear stays so. What was filled, and which models are not used
    and why, is counted; `machine` has the filled pairs.
    """
    counted = Counter(merged.counted)
    trusted: dict[str, Any] = {}
    for name, lines in sorted(machines(held).items()):
        trust = trust_of(settings, machine_agreement(held, name, seed))
        if trust.used:
            trusted[name] = lines
        else:
            counted[f"grades of {name}, not used: {trust.why}"] += len(lines)
    of_machines, pairs = merge(trusted), set[Pair]()
    qrels = {
        split: {qid: dict(grades) for qid, grades in rows.items()} for split, rows in merged.qrels.items()
    }
    for split, rows in of_machines.qrels.items():
        for qid, grades in rows.items():
            own = qrels.setdefault(split, {}).get(qid)
            if own == {} or (split, qid) in merged.unclear:
                continue
            new = {docid: grade for docid, grade in grades.items() if docid not in (own or {})}
            qrels[split][qid] = {**(own or {}), **new}
            pairs |= {(split, qid, docid) for docid in new}
            counted[f"{split} grades by a language model"] += len(new)
    return Merged(qrels, merged.unclear, {**of_machines.queries, **merged.queries}, counted, pairs)


def agreement_metrics(agreement: Agreement) -> dict[str, Any]:
    """The coefficient with its interval, as metrics files show it."""
    values = {"value": agreement.value, "low": agreement.low, "high": agreement.high}
    return {
        "judges": list(agreement.judges),
        "pairs": agreement.pairs,
        **{name: None if value is None else round(value, 4) for name, value in values.items()},
    }
