"""Systems over sets: each set's means, macro averages, and paired tests against a baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sunwi.params.score import ScoreParams
from sunwi.score.sets.measures import MAIN, SHOWN, PerQuery, means
from sunwi.score.significance import bca_intervals, holm, paired_randomisation

DIGITS = 6
Measured = Mapping[str, Mapping[str, PerQuery]]  # system -> set -> values


def compare_systems(
    measured: Measured, sets: Sequence[str], baseline: str, params: ScoreParams, seed: int
) -> dict[str, Any]:
    """Every system's means on each set, their macro average, and its gain over the baseline.

    The gain in nDCG@10 is tested by paired randomisation on each set, and Holm's correction is over the sets
    of a system. The macro gain is tested with each query's difference weighted so that every set counts the
    same.

    Returns
    -------
    dict
        System to `sets` (set to `queries`, `means`, and but for the baseline `against_baseline` with
        `delta`, `low`, `high`, `p`, `p_holm`), `macro` (means over sets) and `macro_against_baseline`.
    """
    table: dict[str, Any] = {}
    for system in measured:
        of_sets: dict[str, dict[str, Any]] = {
            name: {
                "queries": len(measured[system][name][MAIN]),
                "means": {key: round(value, DIGITS) for key, value in means(measured[system][name]).items()},
            }
            for name in sets
        }
        macro = {
            key: round(sum(of_sets[name]["means"][key] for name in sets) / len(sets), DIGITS)
            for key in of_sets[sets[0]]["means"]
        }
        table[system] = {"sets": of_sets, "macro": macro}
        if system != baseline:
            _add_gains(table[system], measured[system], measured[baseline], sets, params, seed)
    return table


def _add_gains(
    row: dict[str, Any],
    system: Mapping[str, PerQuery],
    baseline: Mapping[str, PerQuery],
    sets: Sequence[str],
    params: ScoreParams,
    seed: int,
) -> None:
    differences = {
        name: np.array(
            [system[name][MAIN][qid] - baseline[name][MAIN][qid] for qid in sorted(system[name][MAIN])]
        )
        for name in sets
    }
    raw = {
        name: paired_randomisation(values, params.permutations, seed) for name, values in differences.items()
    }
    adjusted = holm(raw)
    for name, values in differences.items():
        low, high = bca_intervals(values[:, None], params.confidence, params.bootstrap, seed)[0]
        row["sets"][name]["against_baseline"] = {
            "delta": _rounded(values.mean()),
            "low": _rounded(low),
            "high": _rounded(high),
            "p": float(f"{raw[name]:.6g}"),
            "p_holm": float(f"{adjusted[name]:.6g}"),
        }
    weighted = np.concatenate([values / (len(values) * len(sets)) for values in differences.values()])
    row["macro_against_baseline"] = {
        "delta": _rounded(weighted.sum()),
        "p": float(f"{paired_randomisation(weighted, params.permutations, seed):.6g}"),
    }


def _rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # no negative zero


def markdown(table: Mapping[str, Any], sets: Sequence[str], baseline: str) -> str:
    """One table of macro averages, best first, and one of each set's nDCG@10 with its tests."""
    systems = sorted(table, key=lambda name: (-table[name]["macro"][MAIN], name))
    head = ["system", *SHOWN.values(), "change in nDCG@10", "p"]
    lines = ["Macro average over the sets:", "", _row(head), _row(["---"] * len(head))]
    for system in systems:
        shown = [f"{table[system]['macro'][key]:.4f}" for key in SHOWN]
        gain = table[system].get("macro_against_baseline")
        lines.append(
            _row(
                [
                    system,
                    *shown,
                    f"{gain['delta']:+.4f}" if gain else "baseline",
                    f"{gain['p']:.4f}" if gain else "",
                ]
            )
        )
    head = ["set", "queries", "system", *SHOWN.values(), "change in nDCG@10 [95%]", "p, Holm over sets"]
    lines += ["", f"Each set, compared with {baseline}:", "", _row(head), _row(["---"] * len(head))]
    for name in sets:
        for system in systems:
            of_set = table[system]["sets"][name]
            shown = [f"{of_set['means'][key]:.4f}" for key in SHOWN]
            gain = of_set.get("against_baseline")
            change = f"{gain['delta']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}]" if gain else "baseline"
            p = f"{gain['p_holm']:.4f}" if gain else ""
            lines.append(_row([name, f"{of_set['queries']:,}", system, *shown, change, p]))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
