"""The reranker's proof: orders of hand-made lists, fitted weights, and what a second stage moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.reranker.tables import COUNTS, UNTRAINED, base_orders, fitted, orders, second_stage
from sunwi.records.mined import Candidate, CandidateList


def a_list(qid: str, dense: list[float], labels: list[int]) -> CandidateList:
    """Candidates whose hybrid order is the dense one turned round."""
    return CandidateList(
        qid=qid,
        query=qid,
        split="dev",
        style="natural",
        overlap=0.1,
        positive_rank=labels.index(1) + 1,
        candidates=[
            Candidate(
                docid=f"{qid}{at}", score=score, label=label, components={"dense": score, "hybrid": -score}
            )
            for at, (score, label) in enumerate(zip(dense, labels, strict=True))
        ],
    )


LISTS = [a_list("a", [0.9, 0.8, 0.1], [1, 0, 0]), a_list("b", [0.9, 0.8], [0, 1])]
MAXSIM = np.array([0.1, 0.2, 0.3, 0.5, 0.7], dtype=np.float32)  # solves b, and puts a's positive last


def test_orders_alone_and_blended_by_hand() -> None:
    weights = {f"{UNTRAINED} blended with {base}": {"late_interaction_tuned": 0.0} for base in ("dense",)}
    weights |= {f"{UNTRAINED} blended with BM25 + dense": {"late_interaction_tuned": 100.0}}
    found = base_orders(LISTS) | orders(LISTS, {UNTRAINED: MAXSIM}, weights)
    first = {name: [places.tolist().index(True) + 1 for places in of] for name, of in found.items()}
    assert first == {
        "dense order": [1, 2],
        "BM25 + dense order": [3, 1],
        "untrained MaxSim alone": [3, 1],
        "untrained MaxSim blended with dense": [1, 2],
        "untrained MaxSim blended with BM25 + dense": [3, 1],
    }


def test_a_weight_is_fitted_on_the_rows_named() -> None:
    of_a, of_b = (fitted(LISTS, MAXSIM, "stage 1", [row])["stage 1 blended with dense"] for row in (0, 1))
    assert of_a == {"late_interaction_tuned": 0.0}  # dense is right: nothing to add
    assert of_b["late_interaction_tuned"] > 1.0


def test_what_a_second_stage_moved(capsys: pytest.CaptureFixture[str]) -> None:
    solved, failed = np.array([True, False]), np.array([False, True])
    tuned = {
        7: {
            "stage 1 blended with dense": np.array([solved, failed, failed]),
            "stage 2 blended with dense": np.array([solved, solved, failed]),
        }
    }
    part: dict[str, Any] = {**dict(zip(COUNTS, (5, 1, 2, 3), strict=True)), "hit1_change_p": 0.5}
    second = {"best_step": 4, "steps": 8, "cpu_seconds": 9.5, "watch_cpu_seconds": 2.0}
    facts = {
        7: {
            "stage1": {"cpu_seconds": 100.0},
            "stage2": second,
            "gate": {**part, "reason": "held"},
            "siblings": part,
        }
    }
    second_stage(facts, tuned, "dense")
    printed = capsys.readouterr().out
    assert "| 7 | 4 of 8 | 2 | 1 | 0 | 1 |" in printed
    assert "100.0, 9.5 (2.0 of it watching)" in printed
    assert printed.count("| 7 | 5 | 2 | 1 | 4 | 11 | 0.5 |") == 2  # failed, solved, lost, left, questions
