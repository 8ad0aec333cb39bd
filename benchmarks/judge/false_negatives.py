"""A judge of a set error rate on mined rows with planted answers, over loopback; and what the floor admits.

    python -m benchmarks.judge.false_negatives PROJECT [--rows 300]

PROJECT is a built project: its mined negatives are taken, and in every fourth row the answering passage
stands in place of one negative. No model is asked: the judge knows what was planted and errs at its rate.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tests.judge_server import JudgeServer, judge_client

from sunwi.judging.agreement import kappa
from sunwi.judging.machine import trust_of
from sunwi.llm_judge.rubric import squeezed
from sunwi.mining.judged import JudgedCount, judged_rows
from sunwi.mining.metrics import MiningCount
from sunwi.params.judge import JudgeParams
from sunwi.paths import MINED
from sunwi.records.files import iter_rows
from sunwi.records.mined import MinedRow
from sunwi.runtime import text_hash

RATES = (0.0, 0.05, 0.1, 0.2, 0.3)
PAIRS = (30, 60, 120, 300)
TRIALS = 10
SAMPLES = 100  # of the bootstrap
GRADES, SHARES = (0, 1, 2, 3), (0.35, 0.3, 0.2, 0.15)  # of a pool's pairs
SETTINGS = JudgeParams(provider="llm", false_negatives="positive")


def planted(rows: Sequence[MinedRow], negatives: int) -> tuple[list[MinedRow], set[tuple[str, str]]]:
    """Rows of which every fourth has its positive among the negatives; those pairs of query and text."""
    made, answering = [], set()
    for number, row in enumerate(rows):
        if number % 4 == 0:
            place = int(text_hash(row.qid), 16) % negatives
            neg = [*row.neg[:place], row.pos[0], *row.neg[place + 1 :]]
            row = row.model_copy(update={"neg": neg})  # noqa: PLW2901  the changed copy stands for the row
            answering.add((row.query, row.pos[0]))
        made.append(row)
    return made, answering


def mining_table(project: Path, count: int) -> None:
    found = (row for row in iter_rows(project / MINED / "train.jsonl", MinedRow) if len(row.neg) == 7)
    drawn = sorted(sorted(found, key=lambda row: text_hash(row.qid))[:count], key=lambda row: row.qid)
    rows, answering = planted(drawn, 7)
    right = sum(len(row.neg) for row in rows) - len(answering)
    known = {(squeezed(query), squeezed(text)[: SETTINGS.passage_chars]) for query, text in answering}
    print(f"{len(rows)} rows, {len(answering)} planted answers, {right} other negatives\n")
    print("| error rate | planted found | right negatives lost | rows changed | rows lost | calls | s |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for rate in RATES:
        server = JudgeServer(lambda query, text: 3 if (query, text) in known else 1, rate)
        with tempfile.TemporaryDirectory() as folder:
            client = judge_client(server, Path(folder), concurrency=16)
            counts, start = JudgedCount(MiningCount(7)), time.perf_counter()
            kept = list(judged_rows(rows, client, 7, SETTINGS, counts))
            seconds = time.perf_counter() - start
        server.close()
        moved = [(row.query, text) for row in kept for text in row.pos[1:]]
        gone = {row.qid for row in rows} - {row.qid for row in kept}
        hits = sum(pair in answering for pair in moved)
        lost = len(moved) - hits
        print(
            f"| {rate:.0%} | {hits} ({hits / len(answering):.1%}) | {lost} ({lost / right:.1%}) "
            f"| {counts.counts['rows_changed']} | {len(gone)} | {server.calls} | {seconds:.1f} |"
        )


def floor_table() -> None:
    """How often a judge of an error rate passes `judge.floor`, by the number of pairs that people graded."""
    print("\n| error rate | " + " | ".join(f"{pairs} pairs" for pairs in PAIRS) + " | kappa at 300 |")
    print("|---:|" + "---:|" * (len(PAIRS) + 1))
    for rate in RATES:
        cells, values = [], []
        for pairs in PAIRS:
            used = 0
            for trial in range(TRIALS):
                random = np.random.default_rng([int(rate * 100), pairs, trial])
                people = random.choice(GRADES, size=pairs, p=SHARES)
                wrong = random.random(pairs) < rate
                of_machine = np.where(wrong, 3 - people, people)
                ids = [("dev", str(at // 10), str(at)) for at in range(pairs)]  # ten passages a query
                grades = [dict(zip(ids, map(int, given), strict=True)) for given in (people, of_machine)]
                found = kappa(*grades, ("people", "machine"), trial, samples=SAMPLES)
                used += trust_of(SETTINGS, found).used
                values.append(found.value if pairs == PAIRS[-1] else None)
            cells.append(f"{used / TRIALS:.0%}")
        mean = float(np.mean([value for value in values if value is not None]))
        print(f"| {rate:.0%} | " + " | ".join(cells) + f" | {mean:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--rows", type=int, default=300)
    arguments = parser.parse_args()
    os.environ["NO_PROXY"] = "127.0.0.1"
    mining_table(arguments.project, arguments.rows)
    floor_table()


if __name__ == "__main__":
    main()
