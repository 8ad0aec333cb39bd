"""Has a headline number fallen since another revision, by more than chance would do?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sunwi.params.guard import GuardMeasure
from sunwi.params.score import ScoreParams
from sunwi.score.per_query import PerQuery
from sunwi.score.significance import bca_intervals, holm, paired_randomisation

Status = Literal["kept", "noise", "fallen", "new", "missing"]
FAILING: frozenset[Status] = frozenset({"fallen", "missing"})


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """The comparison of one headline number.

    `kept`: it fell by no more than the tolerance. `noise`: it fell by more, yet chance does that too.
    `fallen`: it fell by more, and the paired test says that this is real. `new`: the other revision does
    not have it. `missing`: this one does not. Numbers are None where there is nothing to compare.
    """

    variant: str
    measure: str
    status: Status
    queries: int = 0
    before: float | None = None
    after: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None

    @property
    def fails(self) -> bool:
        """Whether a build should stop."""
        return self.status in FAILING


def compare_revisions(
    before: PerQuery,
    after: PerQuery,
    variants: Sequence[str],
    tolerances: Mapping[GuardMeasure, float],
    alpha: float,
    params: ScoreParams,
    seed: int,
) -> list[GuardVerdict]:
    """Compare headline numbers of two scorings on the queries that both have.

    Parameters
    ----------
    variants, tolerances
        The headline: these variants in each of these measures, and how far the mean may fall.
    alpha
        Family-wise error of calling a fall real; p-values are Holm's over all that is compared.

    Returns
    -------
    list of GuardVerdict
        By variant and measure, in the order given. `low` and `high` bound the mean paired difference,
        after less before (BCa bootstrap).
    """
    pairs = {(variant, measure): None for variant in variants for measure in tolerances}
    differences = {
        (variant, measure): _paired(before.values(variant, measure), after.values(variant, measure))
        for variant, measure in pairs
        if variant in before.precision and variant in after.precision
    }
    differences = {pair: columns for pair, columns in differences.items() if columns.size}
    p_values = holm(
        {
            "\t".join(pair): paired_randomisation(now - then, params.permutations, seed)
            for pair, (then, now) in differences.items()
        }
    )
    verdicts = []
    for pair in pairs:
        variant, measure = pair
        if pair not in differences:
            gone = not (variant in after.precision and after.values(variant, measure))
            verdicts.append(GuardVerdict(variant, measure, "missing" if gone else "new"))
            continue
        then, now = differences[pair]
        p = p_values["\t".join(pair)]
        fall = round(float(then.mean() - now.mean()), 9)  # a fall of just the tolerance is allowed
        status: Status = "kept" if fall <= tolerances[measure] else "fallen" if p < alpha else "noise"
        low, high = bca_intervals((now - then)[:, None], params.confidence, params.bootstrap, seed)[0]
        verdicts.append(
            GuardVerdict(
                variant,
                measure,
                status,
                len(now),
                float(then.mean()),
                float(now.mean()),
                float(low),
                float(high),
                p,
            )
        )
    return verdicts


def _paired(before: Mapping[str, float], after: Mapping[str, float]) -> np.ndarray[tuple[int, int], np.dtype]:
    """Values of the common queries, shape [2, queries]."""
    common = sorted(before.keys() & after.keys())
    return np.array([[values[qid] for qid in common] for values in (before, after)], dtype=np.float64)


def markdown_verdicts(verdicts: Sequence[GuardVerdict]) -> str:
    """The verdicts as a Markdown table, as a build's summary shows them."""
    lines = [
        "| variant | measure | before | after | difference [95%] | p | queries | verdict |",
        "|---" * 8 + "|",
    ]
    for verdict in verdicts:
        if verdict.before is None or verdict.after is None:
            cells = ["-", "-", "-", "-", "0"]
        else:
            difference = f"{verdict.after - verdict.before:+.4f} [{verdict.low:+.4f}, {verdict.high:+.4f}]"
            cells = [
                f"{verdict.before:.4f}",
                f"{verdict.after:.4f}",
                difference,
                f"{verdict.p:.4f}",
                str(verdict.queries),
            ]
        lines.append("| " + " | ".join([verdict.variant, verdict.measure, *cells, verdict.status]) + " |")
    return "\n".join(lines)
