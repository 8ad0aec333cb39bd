"""From several judges' lines to one grade a pair: by majority, the strictest, or an adjudicator's word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sunwi.errors import DataError
from sunwi.judging.records import OF_QUERY, JudgementLine, Pair, SplitName
from sunwi.trec import Qrels

Rule = Literal["majority", "strictest", "adjudicated"]
Held = Mapping[str, Mapping[Pair, JudgementLine]]


@dataclass(frozen=True, slots=True)
class Merged:
    """What the judges say together.

    Attributes
    ----------
    qrels
        Split to qrels; a query that is chit-chat is there without a document.
    unclear
        Split and id of queries that were called unclear: they are left out.
    queries
        Split and id to the query as it was shown.
    counted
        What was left out or decided, by reason.
    machine
        Pairs whose grade is a language model's.
    """

    qrels: dict[SplitName, Qrels]
    unclear: set[tuple[SplitName, str]]
    queries: dict[tuple[SplitName, str], str]
    counted: Counter[str] = field(default_factory=Counter)
    machine: set[Pair] = field(default_factory=set)


def merge(held: Held, rule: Rule = "majority", adjudicator: str | None = None) -> Merged:
    """One grade for each judged pair.

    majority
        The grade that most judges give; of equally many the lowest.
    strictest
        The lowest grade.
    adjudicated
        The adjudicator's grade where there is one; a pair on which the others differ and the adjudicator
        is silent is left out and counted.

    "cannot tell" is no vote. A query that at least half of its judges call chit-chat has no relevant
    document; one that they call unclear is left out.

    Raises
    ------
    DataError
        If the rule needs an adjudicator who judged nothing.
    """
    if rule == "adjudicated" and (adjudicator is None or adjudicator not in held):
        known = ", ".join(sorted(held)) or "nobody yet"
        raise DataError(f"no judgement is by the adjudicator {adjudicator!r}", f"name one of: {known}")
    votes: dict[Pair, dict[str, JudgementLine]] = {}
    for judge in sorted(held):
        for pair, line in held[judge].items():
            votes.setdefault(pair, {})[judge] = line
    judges: dict[tuple[SplitName, str], set[str]] = {}
    merged = Merged({}, set(), {})
    for (_, qid, _), by_judge in votes.items():
        line = next(iter(by_judge.values()))
        judges.setdefault((line.split, qid), set()).update(by_judge)
        merged.queries[line.split, qid] = line.query
    whole = {
        (line.split, line.qid): _of_query(by_judge, len(judges[line.split, line.qid]))
        for pair, by_judge in votes.items() if not pair[2]
        for line in [next(iter(by_judge.values()))]
    }  # fmt: skip
    for pair in sorted(votes):
        line = next(iter(votes[pair].values()))
        key = (line.split, line.qid)
        if whole.get(key) == "unclear":
            merged.unclear.add(key)
            continue
        of_split = merged.qrels.setdefault(line.split, {})
        if whole.get(key) == "chitchat":
            of_split[line.qid] = {}
        elif line.docid:
            grade = _grade(votes[pair], rule, adjudicator, merged.counted)
            if grade is not None:
                of_split.setdefault(line.qid, {})[line.docid] = grade
    merged.counted.update({"queries called unclear, left out": len(merged.unclear)} if merged.unclear else {})
    return merged


def _of_query(by_judge: Mapping[str, JudgementLine], judges: int) -> str | None:
    counts = Counter(line.kind for line in by_judge.values() if line.kind in OF_QUERY)
    return next((kind for kind, count in counts.most_common(1) if 2 * count >= judges), None)


def _grade(
    by_judge: Mapping[str, JudgementLine], rule: Rule, adjudicator: str | None, counted: Counter[str]
) -> int | None:
    grades = [line.grade for line in by_judge.values() if line.grade is not None]
    if not grades:
        counted["pairs that nobody could tell, left out"] += 1
        return None
    if rule == "strictest":
        return min(grades)
    if rule == "adjudicated":
        word = by_judge.get(adjudicator or "")
        if word is not None and word.grade is not None:
            return word.grade
        if len(set(grades)) > 1:
            counted["pairs in dispute without the adjudicator's word, left out"] += 1
            return None
    return majority(grades)


def majority(grades: Sequence[int]) -> int:
    """The most frequent grade, the lowest of equally frequent ones.

    Examples
    --------
    >>> majority([2, 0, 2]), majority([3, 1])
    (2, 1)
    """
    counts = Counter(grades)
    return min(counts, key=lambda grade: (-counts[grade], grade))
