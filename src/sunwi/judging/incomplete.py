"""Scores over incomplete judgements: bpref, infAP and judged@k beside MAP, and who may be called worse."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import ir_measures

from sunwi.trec import Qrels, Run

MEASURES = {"map": "AP", "bpref": "Bpref", "infap": "infAP", "judged10": "Judged@10"}
UNJUDGED = 0.05  # share of unjudged documents in the first ten from which on a lower MAP is no finding


def incomplete_scores(
    qrels: Qrels, runs: Mapping[str, Run], queries: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Each variant's means over the judged ones of `queries`, and the share of its first ten without a grade.

    bpref (Buckley & Voorhees 2004) reads judged documents alone; infAP (Yilmaz & Aslam 2006) estimates AP
    from a random sample of judgements. `verdict` compares with the best MAP: a variant below it that brings
    unjudged passages is "unjudged: cannot tell", never "worse".
    """
    judged = {qid: grades for qid, grades in qrels.items() if qid in set(queries) and any(grades.values())}
    if not judged:
        return {}
    measures = {name: ir_measures.parse_measure(text) for name, text in MEASURES.items()}
    rows: dict[str, dict[str, Any]] = {}
    for variant in sorted(runs):
        run = {qid: runs[variant].get(qid, {}) for qid in judged}
        sums = dict.fromkeys(MEASURES, 0.0)
        for value in ir_measures.iter_calc(list(measures.values()), judged, run):
            name = next(name for name, measure in measures.items() if measure == value.measure)
            sums[name] += value.value
        means = {name: round(total / len(judged), 4) for name, total in sums.items()}
        rows[variant] = {"queries": len(judged), **means, "unjudged10": _unjudged(judged, run)}
    best = max(rows, key=lambda name: (rows[name]["map"], name))
    for name, row in rows.items():
        lower = row["map"] < rows[best]["map"]
        row["verdict"] = (
            "best" if name == best
            else "equal" if not lower
            else "unjudged: cannot tell" if row["unjudged10"] > UNJUDGED
            else "lower"
        )  # fmt: skip
    return rows


def _unjudged(judged: Qrels, run: Run, depth: int = 10) -> float:
    seen = unknown = 0
    for qid, scores in run.items():
        first = sorted(scores, key=lambda docid: (-scores[docid], docid))[:depth]
        seen += len(first)
        unknown += sum(docid not in judged[qid] for docid in first)
    return round(unknown / seen, 4) if seen else 0.0
