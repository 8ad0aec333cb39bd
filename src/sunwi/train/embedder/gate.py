"""The gate: what a tuned encoder may lose on the low-overlap dev questions to be promoted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Encoder
from sunwi.models.passage_vectors import encode_passages
from sunwi.score.significance import bca_intervals, paired_randomisation
from sunwi.search.fusion.priors import shrunk
from sunwi.search.fusion.weighted import weighted_total
from sunwi.search.labelled import NATURAL, LabelledQuestion, first_relevant_rank, low_overlap
from sunwi.search.passages import Passages
from sunwi.search.ranking_quality import reciprocal_rank
from sunwi.search.retrievers.base import Scores
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.train.embedder.dev_set import DevSet, as_queries, dev_set
from sunwi.train.embedder.settings import EmbedderSections

GATE_QUESTIONS = 300  # people's first, then the lowest-overlap ones; more would cost time for little
SET_ASIDE = "; the unmixed encoder is set aside, for no natural question judges it"
SMALL_CORPUS = 1_000  # up to here a pool would save little: candidates are judged over the whole corpus
POOL_DEPTH = 10  # passages that each question brings into the pool (docs/results/embedder.md compares depths)
POOL_SAMPLE = 256  # passages drawn by hash, which give z-scores over the pool the corpus's scale
CONFIRMED_CORPUS = 10_000  # up to here the pool's winner is judged again over the whole corpus


@dataclass(frozen=True, slots=True)
class GateRanks:
    """Reciprocal ranks of one encoder on the gate's questions, dense alone and fused."""

    dense: npt.NDArray[np.float64]
    fused: npt.NDArray[np.float64]


def gate_set(
    passages: Passages,
    base: Encoder,
    labels: Sequence[LabelledQuestion],
    params: EmbedderSections,
    whole_corpus: int = SMALL_CORPUS,
) -> DevSet:
    """The low-overlap dev questions, people's first, with their pool, drawn with the base encoder.

    The pool is the whole corpus where that has at most `whole_corpus` passages.
    """
    chosen = low_overlap(labels, params.fusion.low_overlap, params.fusion.min_questions)
    order = sorted(chosen, key=lambda at: (labels[at].style != NATURAL, labels[at].overlap, labels[at].qid))
    rows = sorted(order[:GATE_QUESTIONS])
    return dev_set(
        passages, base, [labels[row] for row in rows], params, whole_corpus, POOL_DEPTH, POOL_SAMPLE
    )


def judge(encoder: Encoder, gate: DevSet, params: EmbedderSections) -> GateRanks:
    """Reciprocal rank (cut at 10) of each gate question; the encoder reads passages as search does."""
    queries = as_queries(encoder, gate.labels, params)
    vectors, windows = encode_passages(encoder, gate.passages.texts, params.encoder, "encode gate pool")
    return gate_ranks(DenseRetriever(vectors, windows).scores(queries), gate, params)


def gate_ranks(dense: Scores, gate: DevSet, params: EmbedderSections) -> GateRanks:
    """Reciprocal ranks of dense scores [questions, pool], alone and fused."""
    fused = weighted_total(gate.normalised(dense), {"bm25": params.mining.bm25_weight})
    return GateRanks(
        reciprocal_rank(first_relevant_rank(dense, gate.relevant)),
        reciprocal_rank(first_relevant_rank(fused, gate.relevant)),
    )


def promote(
    verdicts: dict[float, GateRanks], gate: DevSet, params: EmbedderSections
) -> tuple[float, dict[str, Any]]:
    """The share of the base that is promoted (1 = the base itself), and why.

    A candidate passes if its mean reciprocal rank is not below the base's by more than the tolerance, alone
    and in the fusion, on all gate questions and on the natural ones, and if the paired test shows no loss
    however small (the interval's upper end below 0). A few natural questions prove little, so their
    difference is shrunk towards that on all questions, as the weights of fusion are (`counted_...`). Of
    those that pass, the best mean of the two figures wins; ties go to the larger share of the base. Without
    a natural question, which alone shows what tuning costs people's wordings, the unmixed candidate is left
    out if a mixture passed. `delta`, `interval` and `p` are the fused difference from the base of the
    promoted candidate, or of the best one that was refused.
    """
    base = verdicts[1.0]
    tolerance = params.train_embedder.tolerance
    report: dict[str, Any] = {}
    figures: dict[float, float] = {}
    passed = []
    for share, verdict in sorted(verdicts.items()):
        losses = {
            f"{part}_{name}": float((getattr(verdict, part) - getattr(base, part))[rows].mean())
            for part in ("dense", "fused")
            for name, rows in (("all", slice(None)), ("natural", gate.natural))
            if name == "all" or gate.natural
        }
        counted = _counted(losses, len(gate.natural), params.fusion.prior_questions)
        tests = {
            **_test("dense", verdict.dense - base.dense, params),
            **_test("fused", verdict.fused - base.fused, params),
        }
        figures[share] = round(float(verdict.dense.mean() + verdict.fused.mean()) / 2, 12)
        lost = min(tests["dense_high"], tests["fused_high"]) < 0
        if min((losses | counted).values()) >= -tolerance - 1e-12 and not lost:
            passed.append(share)
        report[f"base_share_{share:g}"] = {
            "dense_mrr": round(float(verdict.dense.mean()), 6),
            "fused_mrr": round(float(verdict.fused.mean()), 6),
            **{f"delta_{name}": round(value, 6) for name, value in losses.items()},
            **(_shown(counted) if len(gate.natural) < params.fusion.prior_questions else {}),
            **tests,
        }
    unproven = not gate.natural and any(0.0 < share < 1.0 for share in passed)
    best = max(
        (share for share in passed if share or not unproven), key=lambda share: (figures[share], share)
    )
    tuned = [share for share in verdicts if share != 1.0]
    shown = best if best != 1.0 or not tuned else max(tuned, key=lambda share: (figures[share], share))
    of_shown = report[f"base_share_{shown:g}"]
    return best, {
        "promoted": "base" if best == 1.0 else "tuned",
        "base_share": best,
        "reason": _reason(best, passed, tuned) + (SET_ASIDE if unproven and 0.0 in passed else ""),
        "delta": of_shown["delta_fused_all"],
        "interval": [of_shown["fused_low"], of_shown["fused_high"]],
        "p": of_shown["fused_p"],
        "questions": len(gate.labels),
        "natural_questions": len(gate.natural),
        "pool": len(gate.passages),
        "candidates": report,
    }


def promote_confirmed(
    verdicts: dict[float, GateRanks],
    gate: DevSet,
    whole: DevSet,
    judge_over_whole: Callable[[float], GateRanks],
    params: EmbedderSections,
) -> tuple[float, dict[str, Any]]:
    """The share of the base that is promoted over the pool `gate` and over the corpus `whole`, and why.

    A pool lacks what a tuned encoder would wrongly lift from below, so it may pass one that fails over the
    corpus. The winner over the pool is therefore judged again over the corpus, whose vectors under it the
    next stages need anyway; where it fails there, the next best follows.

    Parameters
    ----------
    judge_over_whole
        From a share of the base to that candidate's ranks over `whole`.
    """
    left = dict(verdicts)
    ranks = dict[float, GateRanks]()
    best, report = promote(left, gate, params)
    first, confirmed = report, None
    while best != 1.0 and confirmed is None:
        if not ranks:
            ranks[1.0] = judge_over_whole(1.0)
        ranks[best] = judge_over_whole(best)
        again, over_whole = promote({1.0: ranks[1.0], best: ranks[best]}, whole, params)
        if again == best:
            confirmed = over_whole
        else:
            del left[best]
            best, report = promote(left, gate, params)
    if confirmed is not None:
        report = {**report, **{key: confirmed[key] for key in ("delta", "interval", "p")}}
    if ranks and confirmed is None:
        report["reason"] = "no winner over the pool was within the tolerance over the whole corpus and better"
    _, over_whole = promote(ranks, whole, params) if ranks else (1.0, {"candidates": {}})
    return best, {
        **report,
        "candidates": first["candidates"],
        "whole_corpus": {"passages": len(whole.passages), "candidates": over_whole["candidates"]},
    }


def _counted(losses: Mapping[str, float], natural: int, prior_questions: int) -> dict[str, float]:
    """What the natural questions' differences count as: shrunk towards those on all questions."""
    return {
        name: shrunk(losses[f"{part}_all"], losses[name], natural, prior_questions).value
        for part in ("dense", "fused")
        if (name := f"{part}_natural") in losses
    }


def _shown(counted: Mapping[str, float]) -> dict[str, float]:
    return {f"counted_{name}": round(value, 6) for name, value in counted.items()}


def _reason(best: float, passed: Sequence[float], tuned: Sequence[float]) -> str:
    if best != 1.0:
        return "within the tolerance everywhere, best on average"
    if not set(tuned) & set(passed):
        return "every candidate lost more than the tolerance somewhere, or a little for certain"
    return "no candidate was within the tolerance everywhere and better on average"


def _test(name: str, differences: npt.NDArray[np.float64], params: EmbedderSections) -> dict[str, float]:
    interval = bca_intervals(
        differences[:, None], params.score.confidence, params.score.bootstrap, params.seed
    )[0]
    p = paired_randomisation(differences, params.score.permutations, params.seed)
    return {
        f"{name}_low": round(float(interval[0]), 6),
        f"{name}_high": round(float(interval[1]), 6),
        f"{name}_p": round(p, 6),
    }
