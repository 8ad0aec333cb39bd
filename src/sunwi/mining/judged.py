"""False negatives of mining by a language model: negatives that answer leave, or become positives.

Relabelling them helps training more than leaving their questions out (Thakur et al. 2025, "Fixing Data That
Hurts Performance: Cascading LLMs to Relabel Hard Negatives").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sunwi.llm.task import Completer
from sunwi.llm_judge.rubric import Pair, grade_pairs
from sunwi.mining.metrics import MiningCount
from sunwi.params.judge import JudgeParams
from sunwi.params.mining import MiningParams
from sunwi.records.mined import MinedRow

ROWS = 512  # rows whose negatives are asked together
Answering = Mapping[tuple[int, int], bool]  # row of the block and place of the negative to whether it answers


@dataclass(slots=True)
class JudgedCount:
    """What the judge said of the negatives, what became of them, and the rows after it."""

    rows: MiningCount
    counts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)

    def judge_metrics(self) -> dict[str, Any]:
        """Counts of pairs and rows; `answers` has every status, those without a grade stay negatives."""
        names = ("asked", "answering", "made_positive", "left_out", "replaced", "rows_changed", "rows_lost")
        return {name: self.counts[name] for name in names} | {"answers": dict(sorted(self.statuses.items()))}

    def mining_metrics(self, mined: MiningCount) -> dict[str, Any]:
        """`MiningCount.metrics` of the judged rows; what it says of questions, pools and drops stays."""
        own = self.rows.counts
        counts = {**mined.counts, **{name: own[name] for name in ("rows", "short")}}
        whole = MiningCount(
            self.rows.negatives, Counter(counts), mined.drops, self.rows.sources, mined.pool_sizes,
            self.rows.margins,
        )  # fmt: skip
        return whole.metrics()


def with_spare(params: MiningParams, judge: JudgeParams) -> MiningParams:
    """Settings that mine the judge's spare negatives, too."""
    return params.model_copy(update={"negatives": params.negatives + judge.spare})


def judged_rows(
    rows: Iterable[MinedRow], client: Completer, negatives: int, judge: JudgeParams, count: JudgedCount
) -> Iterator[MinedRow]:
    """The rows with at most `negatives` negatives that the judge does not grade as answering.

    Asked are the first `negatives` of a row; its spare ones only where one of these leaves. A pair without
    a usable answer stays a negative. A row that loses every negative is counted and left out.

    Parameters
    ----------
    rows
        Mined `with_spare`.

    Raises
    ------
    LlmError
        If the run must stop, or a pair got no answer in all tries: the next run asks for these alone.
    """
    waiting = iter(rows)
    while block := list(islice(waiting, ROWS)):
        first = [(at, place) for at, row in enumerate(block) for place in range(len(row.neg[:negatives]))]
        answering = _asked(block, first, client, judge, count)
        short = {at for (at, _), answers in answering.items() if answers}
        spare = [(at, place) for at in sorted(short) for place in range(negatives, len(block[at].neg))]
        answering |= _asked(block, spare, client, judge, count)
        for at, row in enumerate(block):
            for kept in _judged(row, at, answering, negatives, judge, count.counts):
                count.rows.add(kept)
                yield kept


def _asked(
    block: Sequence[MinedRow],
    places: Sequence[tuple[int, int]],
    client: Completer,
    judge: JudgeParams,
    count: JudgedCount,
) -> dict[tuple[int, int], bool]:
    pairs = [Pair(block[at].qid, block[at].query, block[at].neg[place]) for at, place in places]
    outcomes = grade_pairs(client, pairs, judge.passage_chars)
    count.counts["asked"] += len(outcomes)
    count.statuses.update(outcome.status for outcome in outcomes)
    return {
        place: outcome.value is not None and outcome.value.grade >= judge.answers_from
        for place, outcome in zip(places, outcomes, strict=True)
    }


def _judged(
    row: MinedRow, at: int, answering: Answering, negatives: int, judge: JudgeParams, counts: Counter[str]
) -> list[MinedRow]:
    found = [place for place in range(len(row.neg)) if answering.get((at, place), False)]
    kept = [place for place in range(len(row.neg)) if place not in set(found)][:negatives]
    moved = found if judge.false_negatives == "positive" else []
    counts["answering"] += len(found)
    counts["rows_changed"] += bool(found)
    counts["made_positive" if moved else "left_out"] += len(found)
    counts["replaced"] += sum(place >= negatives for place in kept)
    if not kept:
        counts["rows_lost"] += 1
        return []
    changes = {
        f"{side}{part}": [*before, *(getattr(row, f"neg{part}")[place] for place in places)]
        for part in ("", "_ids", "_scores")
        for side, before, places in (("pos", getattr(row, f"pos{part}"), moved), ("neg", [], kept))
    }
    return [row.model_copy(update={**changes, "provenance": [row.provenance[place] for place in kept]})]
