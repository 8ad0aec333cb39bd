"""The second stage judged by cross-validation over documents: every failure trains, every question judges."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from sunwi.models.encoder import Encoder
from sunwi.records.mined import CandidateList
from sunwi.runtime import hash_share
from sunwi.search.rerank.blend import ScoredList
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import trained_reranker
from sunwi.train.reranker.blend_weights import Blend, fit_calibration
from sunwi.train.reranker.run import Start, train_by_method
from sunwi.train.reranker.scored import score_lists
from sunwi.train.shared.document_groups import together
from sunwi.train.targeted.gate import GateVerdict
from sunwi.train.targeted.judging import Targeted, TargetedData, judged, kept, settings_of, stage_lists
from sunwi.train.targeted.settings import TargetedSections


def folds_of(lists: list[CandidateList], data: TargetedData, folds: int) -> list[list[CandidateList]]:
    """Dev lists by the hash of their documents' group, so that a new document does not move the others."""
    group = together([sorted(data.documents[question.qid]) for question in lists])
    parts: list[list[CandidateList]] = [[] for _ in range(folds)]
    for question in lists:
        share = hash_share("failure_fold", group[min(data.documents[question.qid])])
        parts[int(share * folds)].append(question)
    return parts


def tune_by_folds(
    params: TargetedSections,
    data: TargetedData,
    encoder: Encoder,
    embedder: Path,
    first: Path,
    blend: Blend,
    out: Path,
) -> Targeted:
    """Train once a fold on the failures of the others, judge all dev questions so, then train on all.

    The blend weights stay the first stage's, and no early stopping chooses a step: both would need questions
    of their own. The gate is that of `decide`; the final training runs only behind it.
    """
    section, depth = params.train_reranker_targeted, params.train_reranker.depth
    dev = [question for question in data.lists if question.split == "dev"]
    start = Start(first, section.start == "merged")
    length = params.train_reranker.max_length
    untouched = Rerankers(encoder, trained_reranker(first), params.encoder, length)
    scored = dict(zip([one.qid for one in dev], score_lists(dev, data.texts, untouched, depth), strict=True))
    before: list[ScoredList] = []
    after: list[ScoredList] = []
    counts: dict[str, Any] = {"folds": [], "failures_trained": len({row.source for row in data.augmented})}
    with tempfile.TemporaryDirectory(prefix="sunwi-targeted-") as folder:
        second = Path(folder) / "reranker"

        def train(others: list[CandidateList]) -> tuple[dict[str, Any], list[dict[str, float]]] | None:
            own = {one.qid for one in others}
            rows = [row for row in data.augmented if row.source in own or row.source not in scored]
            if not rows:
                return None
            lists = stage_lists(params, data, rows, others, [scored[one.qid] for one in others], blend)
            settings = settings_of(params, lists)
            return train_by_method(params, settings, lists, embedder, second, start)

        for fold in folds_of(dev, data, section.folds):
            held = {one.qid for one in fold}
            now = [scored[one.qid] for one in fold]
            if fold and train([one for one in dev if one.qid not in held]) is not None:
                tuned = Rerankers(encoder, trained_reranker(second), params.encoder, length)
                now = score_lists(fold, data.texts, tuned, depth)
            before += [scored[one.qid] for one in fold]
            after += now
            counts["folds"].append(len(fold))
        metrics, verdict = judged(params, before, after, blend, blend)
        metrics |= counts
        if not verdict.promoted:
            return kept(first, blend, out, verdict, metrics)
        trained = train(dev)
        if trained is None:
            return kept(first, blend, out, GateVerdict(False, "no failure to train on"), metrics)
        facts, curve = trained
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(second, out)
    calibration, errors = fit_calibration(after, blend)
    metrics |= {**facts, "calibration": errors, "promoted": True, "reason": verdict.reason}
    return Targeted(blend, calibration, metrics, curve)
