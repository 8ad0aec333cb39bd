"""The gate: what a tuned encoder may lose on the low-overlap dev questions to be promoted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Encoder
from sunwi.params import Params
from sunwi.score.significance import bca_intervals, paired_randomisation
from sunwi.search.batch import Passages, make_queries
from sunwi.search.bm25 import Bm25, index_terms, top
from sunwi.search.dense import DenseRetriever
from sunwi.search.fusion import weighted_sum
from sunwi.search.labelled import LabelledQuestion, first_relevant_rank, low_overlap, reciprocal_rank

GATE_QUESTIONS = 300  # the lowest-overlap dev questions; more would cost encoding and say little
GATE_CORPUS = 10_000  # up to here candidates are judged over the whole corpus
GATE_DEPTH = 30  # above it, passages that each question brings into the pool


@dataclass(frozen=True, slots=True)
class GateSet:
    """Dev questions and the pool of passages that candidates are compared on.

    The pool is the corpus; of a large one it is what the base's hybrid search finds for these questions,
    with their relevant passages. Such a pool lacks what a tuned model would wrongly lift from below, so it
    flatters the tuned model a little.
    """

    labels: list[LabelledQuestion]
    passages: Passages
    relevant: list[tuple[int, ...]]
    bm25: npt.NDArray[np.float32]  # [questions, pool]
    natural: list[int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Reciprocal ranks of one encoder on the gate's questions, dense alone and fused."""

    dense: npt.NDArray[np.float64]
    fused: npt.NDArray[np.float64]


def gate_set(
    passages: Passages, base: Encoder, labels: Sequence[LabelledQuestion], params: Params
) -> GateSet:
    """The low-overlap dev questions with their pool, drawn with the base encoder."""
    rows = low_overlap(labels, params.fusion.low_overlap, params.fusion.min_questions)
    rows = sorted(sorted(rows, key=lambda row: (labels[row].overlap, labels[row].qid))[:GATE_QUESTIONS])
    chosen = [labels[row] for row in rows]
    queries = _queries(base, chosen, params)
    terms = index_terms(passages.texts, params.bm25.tokenizer)
    lexical = Bm25(terms, params.bm25)
    bm25 = np.stack([lexical.scores(words) for words in queries.terms])
    vectors = base.encode(passages.texts, "passage", params.encoder.max_length, "encode passages")
    fused = weighted_sum(
        {"bm25": bm25, "dense": DenseRetriever(vectors).scores(queries)}, {"bm25": params.mining.bm25_weight}
    )
    wanted = {at for label in chosen for at in label.relevant}
    if len(passages) <= GATE_CORPUS:
        wanted = set(range(len(passages)))
    else:
        wanted |= {int(at) for row in fused for at in top(row, GATE_DEPTH)[0]}
    pool = sorted(wanted)
    place = {at: to for to, at in enumerate(pool)}
    part = Passages(
        [passages.docids[at] for at in pool],
        [passages.texts[at] for at in pool],
        [passages.groups[at] for at in pool],
        {passages.docids[at]: to for to, at in enumerate(pool)},
    )
    relevant = [tuple(place[at] for at in label.relevant) for label in chosen]
    natural = [row for row, label in enumerate(chosen) if label.style == "natural"]
    return GateSet(chosen, part, relevant, bm25[:, pool], natural)


def judge(encoder: Encoder, gate: GateSet, params: Params) -> Verdict:
    """Reciprocal rank (cut at 10) of each gate question under one encoder."""
    queries = _queries(encoder, gate.labels, params)
    vectors = encoder.encode(gate.passages.texts, "passage", params.encoder.max_length, "encode gate pool")
    dense = DenseRetriever(vectors).scores(queries)
    fused = weighted_sum({"bm25": gate.bm25, "dense": dense}, {"bm25": params.mining.bm25_weight})
    return Verdict(
        reciprocal_rank(first_relevant_rank(dense, gate.relevant)),
        reciprocal_rank(first_relevant_rank(fused, gate.relevant)),
    )


def _queries(encoder: Encoder, labels: Sequence[LabelledQuestion], params: Params) -> Any:
    return make_queries(
        [label.qid for label in labels],
        [label.text for label in labels],
        encoder,
        params.encoder.query_max_length,
        params.bm25.tokenizer,
    )


def promote(verdicts: dict[float, Verdict], gate: GateSet, params: Params) -> tuple[float, dict[str, Any]]:
    """The share of the base that is promoted (1 = the base itself), and why.

    A candidate passes if its mean reciprocal rank is not below the base's by more than the tolerance, alone
    and in the fusion, on all gate questions and on the natural ones. Of those that pass, the best mean of
    the two figures wins; ties go to the larger share of the base.
    """
    base = verdicts[1.0]
    tolerance = params.train_embedder.tolerance
    report: dict[str, Any] = {}
    passed: list[tuple[float, float]] = []
    for share, verdict in sorted(verdicts.items()):
        losses = {
            f"{part}_{name}": float((getattr(verdict, part) - getattr(base, part))[rows].mean())
            for part in ("dense", "fused")
            for name, rows in (("all", slice(None)), ("natural", gate.natural))
            if name == "all" or gate.natural
        }
        worst = min(losses.values())
        if worst >= -tolerance - 1e-12:
            passed.append((share, float(verdict.dense.mean() + verdict.fused.mean()) / 2))
        report[f"base_share_{share:g}"] = {
            "dense_mrr": round(float(verdict.dense.mean()), 6),
            "fused_mrr": round(float(verdict.fused.mean()), 6),
            **{f"delta_{name}": round(value, 6) for name, value in losses.items()},
            **_test(verdict.fused - base.fused, params),
        }
    best = max(passed, key=lambda item: (round(item[1], 12), item[0]))[0]
    kept = "no candidate was within the tolerance everywhere and better on average"
    reason = kept if best == 1.0 else "within the tolerance everywhere, best on average"
    return best, {
        "promoted": "base" if best == 1.0 else "tuned",
        "base_share": best,
        "reason": reason,
        "questions": len(gate.labels),
        "natural_questions": len(gate.natural),
        "pool": len(gate.passages),
        "candidates": report,
    }


def _test(differences: npt.NDArray[np.float64], params: Params) -> dict[str, float]:
    interval = bca_intervals(
        differences[:, None], params.score.confidence, params.score.bootstrap, params.seed
    )[0]
    p = paired_randomisation(differences, params.score.permutations, params.seed)
    return {
        "fused_low": round(float(interval[0]), 6),
        "fused_high": round(float(interval[1]), 6),
        "fused_p": round(p, 6),
    }
