"""Every variant's measures with their intervals, and its paired gain over the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sunwi.params.score import ScoreParams
from sunwi.score.measuring import measures, of_rankings, of_topk
from sunwi.score.significance import Floats, bca_intervals, holm, paired_randomisation

DIGITS = 6  # decimals of values; significant digits of p-values, which may be very small

Values = Mapping[str, Mapping[str, float]]  # measure -> query id -> value
Key = tuple[str, str]  # variant and measure


def compare_variants(
    values: Mapping[str, Values], members: Sequence[str], params: ScoreParams, seed: int
) -> dict[str, Any]:
    """Measures, intervals and paired tests of all variants over the queries `members`.

    Parameters
    ----------
    values
        Variant to measure to query id to value; `map` has every query, the others those with a relevant
        document. Empty if the queries are not labelled.
    members
        The queries, sorted.

    Returns
    -------
    dict
        Variant to `measures` (each with `mean`, `low`, `high`) and, for all but the baseline,
        `against_baseline`: for the compared measures the mean paired difference `delta`, its `low` and
        `high`, the raw `p`, and `p_holm`, adjusted over the variants. A measure that no member has is left
        out. Every variant is tested with the same seed, so that its numbers do not depend on which others
        are there (the adjusted p does: that is its purpose).
    """
    table: dict[str, Any] = {name: {"measures": {}} for name in sorted(values)}
    # Measures over the same queries share their resamples.
    for alike in (of_topk(), of_rankings()):
        columns = _columns(values, [measure.key for measure in alike], members)
        for (name, measure), interval in _intervals(columns, params, seed).items():
            table[name]["measures"][measure] = interval
        for (name, measure), gain in _gains(columns, params, seed).items():
            table[name].setdefault("against_baseline", {})[measure] = gain
    return table


def _columns(values: Mapping[str, Values], keys: Sequence[str], members: Sequence[str]) -> dict[Key, Floats]:
    """Each variant's values of each measure, shape [queries]; empty if no member has the measures."""
    columns = {}
    for name in sorted(values):
        for measure in keys:
            by_query = values[name][measure]
            columns[name, measure] = np.array([by_query[qid] for qid in members if qid in by_query])
    return {key: column for key, column in columns.items() if len(column)}


def _intervals(columns: Mapping[Key, Floats], params: ScoreParams, seed: int) -> dict[Key, dict[str, float]]:
    if not columns:
        return {}
    stacked = np.column_stack(list(columns.values()))
    limits = bca_intervals(stacked, params.confidence, params.bootstrap, seed)
    return {
        key: {"mean": _rounded(column.mean()), "low": _rounded(low), "high": _rounded(high)}
        for (key, column), (low, high) in zip(columns.items(), limits, strict=True)
    }


def _gains(columns: Mapping[Key, Floats], params: ScoreParams, seed: int) -> dict[Key, dict[str, float]]:
    compared = [measure.key for measure in measures() if measure.compared]
    deltas = {
        (name, measure): column - columns[params.baseline, measure]
        for (name, measure), column in columns.items()
        if name != params.baseline and measure in compared
    }
    raw = {key: paired_randomisation(delta, params.permutations, seed) for key, delta in deltas.items()}
    adjusted = {
        measure: holm({name: p for (name, tested), p in raw.items() if tested == measure})
        for measure in compared
    }
    return {
        (name, measure): {
            "delta": interval["mean"],
            "low": interval["low"],
            "high": interval["high"],
            "p": _significant(raw[name, measure]),
            "p_holm": _significant(adjusted[measure][name]),
        }
        for (name, measure), interval in _intervals(deltas, params, seed).items()
    }


def _rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # no negative zero


def _significant(p_value: float) -> float:
    return float(f"{p_value:.{DIGITS}g}")
