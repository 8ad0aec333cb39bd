"""Scoring a ranking: this package's measures, ir_measures as it comes, ranx; the same nine measures."""

from __future__ import annotations

import random

from benchmarks.shared.material import Material
from benchmarks.shared.turns import Comparison, Side, take_turns
from sunwi.score.measuring import of_rankings, ranking_measures

DEPTH = 100


def compare(_: Material, turns: int, quick: bool) -> Comparison:
    import ir_measures
    import ranx

    count = 300 if quick else 2000
    draw = random.Random(1)
    pool = [f"d{at:05d}" for at in range(4000)]
    run = {f"q{at:04d}": {docid: draw.random() for docid in draw.sample(pool, DEPTH)} for at in range(count)}
    qrels = {qid: dict.fromkeys(draw.sample(sorted(found), 2), 1) for qid, found in run.items()}
    measures = [ir_measures.parse_measure(one.ir_measures) for one in of_rankings() if one.ir_measures]
    names = [
        "map", "mrr@10", "ndcg@10", *(f"recall@{cut}" for cut in (1, 5, 10, 50)),
        *(f"precision@{cut}" for cut in (1, 3, 5)), *(f"hit_rate@{cut}" for cut in (1, 3, 5)),
    ]  # fmt: skip
    found: dict[str, float] = {}

    def by_ir_measures() -> None:
        values = ir_measures.calc_aggregate(measures, qrels, run)
        found["ir_measures"] = next(value for one, value in values.items() if str(one) == "nDCG@10")

    def by_ranx() -> None:
        values = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), names)
        found["ranx"] = float(values["ndcg@10"])

    def by_sunwi() -> None:
        values = ranking_measures(qrels, run, sorted(run))["ndcg10"]
        found["sunwi"] = sum(values.values()) / len(values)

    sides = {
        "ir_measures": Side(by_ir_measures, count, "ties as each provider breaks them"),
        "ranx": Side(by_ranx, count, "numba; compiled before the clock starts"),
        "sunwi": Side(by_sunwi, count, "by ir_measures; ties by id"),
    }
    rows = take_turns(sides, turns)
    apart = max(found.values()) - min(found.values())
    setting = f"{count:,} queries, {DEPTH} documents each, {len(of_rankings())} measures"
    return Comparison("Scoring", "queries", setting, rows, [f"nDCG@10 differs by at most {apart:.0e}."])
