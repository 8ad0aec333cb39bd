"""One sparse run from mined rows to a saved encoder: start, train, measure before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.models.resolver import resolve
from sunwi.records.mined import MinedRow
from sunwi.records.questions import Question
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.retrievers.base import Scores
from sunwi.train.shared.checkpoints import checkpoint_folder, remove_checkpoints
from sunwi.train.shared.in_batch import AnswerGroup
from sunwi.train.sparse.bilingual.dictionary import TermPair
from sunwi.train.sparse.evaluation import (
    SparseIndex,
    activations,
    compare_low_overlap,
    compare_systems,
    cross_lingual,
    latency,
    measure,
    sparsity,
    with_fusions,
)
from sunwi.train.sparse.fit import SparseTraining, train_sparse
from sunwi.train.sparse.pool import dev_pool
from sunwi.train.sparse.questions import (
    SplitTerms,
    cross_lingual_questions,
    of_low_overlap,
    split_terms,
    with_swapped_terms,
)
from sunwi.train.sparse.settings import SparseSections
from sunwi.train.sparse.start import start_encoder

SHOWN = 5  # questions whose activated terms are shown
TIMED = 100  # queries whose latency is taken

Batch = Callable[[Sequence[LabelledQuestion]], QueryBatch]
OtherSystems = Callable[[Sequence[LabelledQuestion]], Mapping[str, Scores]]
BASELINE = "bm25"


def compared_systems(search: SearchPipeline, batch: Batch, bm25_weight: float) -> OtherSystems:
    """BM25, dense and their weighted sum: scores of any questions, [questions, passages] each.

    Parameters
    ----------
    batch
        Labelled questions, analysed and encoded.
    """

    def scores(labels: Sequence[LabelledQuestion]) -> Mapping[str, Scores]:
        queries = batch(labels)
        systems = {name: search.retrievers[name].scores(queries) for name in (BASELINE, "dense")}
        return {**systems, "hybrid": weighted_sum(systems, {BASELINE: bm25_weight, "dense": 1.0})}

    return scores


@dataclass(frozen=True, slots=True)
class SparseRun:
    """Metrics (the same on every run), the curve of the losses, and this machine's latency."""

    metrics: dict[str, Any]
    curve: list[dict[str, float]]
    latency: dict[str, float]


def run_sparse(
    params: SparseSections,
    mined: Sequence[MinedRow],
    questions: Sequence[Question],
    passages: Passages,
    dev: Sequence[LabelledQuestion],
    test: Sequence[LabelledQuestion],
    terms: Sequence[TermPair],
    answer_group: AnswerGroup,
    others: OtherSystems,
    out: Path,
) -> SparseRun:
    """Train a sparse encoder, write it to `out` and compare it with the other systems on the test questions.

    Parameters
    ----------
    questions
        Of the mined rows: those that copy more than `sparse.max_overlap` of their passage train nothing.
    others
        Scores [questions, passages] of the systems that it is compared with; one of them is "bm25", the
        baseline of the paired tests.
    """
    settings = params.sparse
    rows = of_low_overlap(mined, questions, settings.max_overlap)
    info = resolve(params.encoder.model if settings.model == "encoder" else settings.model)
    split = split_terms(terms)
    trained_on = with_swapped_terms(rows, split.trained, settings.swap_share, params.seed)
    vocabulary_texts = [row.query for row in trained_on] + [
        text for pair in terms for text in (pair.korean, pair.english)
    ]
    encoder = start_encoder(info, passages.texts, vocabulary_texts, settings, params.seed)
    before = _measure(SparseIndex.of(encoder, passages.texts, params), passages, test, split)
    pool, labels = dev_pool(passages, dev, params)

    def dev_ndcg() -> float:
        index = SparseIndex.of(encoder, pool.texts, params)
        scores = index.scores([label.text for label in labels])
        return float(measure(scores, labels, pool)["ndcg10"].mean())

    checkpoints = checkpoint_folder(
        {
            "model": info.content_hash,
            "params": settings.model_dump(exclude={"checkpoint_every"}),
            "seed": params.seed,
            "vocabulary": encoder.token_ids,
            "rows": [row.model_dump() for row in trained_on],
            "terms": [[pair.korean, pair.english] for pair in split.trained],
            "dev": [[label.text for label in labels], pool.texts],
        }
    )
    training = train_sparse(
        encoder, trained_on, split.trained, settings, answer_group, dev_ndcg, params.seed, checkpoints
    )  # fmt: skip
    index = SparseIndex.of(encoder, passages.texts, params)
    after = _measure(index, passages, test, split)
    metrics = {
        "trained": True,
        "query": settings.query,
        "vocabulary": len(encoder.token_ids),
        "rows": len(trained_on),
        "rows_with_swapped_terms": len(trained_on) - len(rows),
        "rows_above_max_overlap": len(mined) - len(rows),
        "rows_left_out_of_batches": training.left_out_rows,
        "term_pairs": {"trained": len(split.trained), "held_out": len(split.held_out)},
        "trained_parameters": training.trained_parameters,
        **_course(training),
        "before": before,
        "after": after,
        "test_questions": len(test),
        **_comparison(index, others, test, terms, passages, params),
        "activations": activations(index, test[:SHOWN]),
    }
    encoder.save(info, out)
    remove_checkpoints(checkpoints)
    timed = [label.text for label in (test or dev)][:TIMED]
    return SparseRun(metrics, training.curve, latency(index, timed) if timed else {})


def _measure(
    index: SparseIndex,
    passages: Passages,
    test: Sequence[LabelledQuestion],
    split: SplitTerms,
) -> dict[str, Any]:
    figures: dict[str, Any] = {"cross_lingual": cross_lingual(index, test, split, passages)}
    if test:
        texts = [label.text for label in test]
        values = measure(index.scores(texts), test, passages)
        figures |= {name: round(float(of_all.mean()), 6) for name, of_all in values.items()}
        figures |= sparsity(index, texts)
    return figures


def _comparison(
    index: SparseIndex,
    others: OtherSystems,
    test: Sequence[LabelledQuestion],
    terms: Sequence[TermPair],
    passages: Passages,
    params: SparseSections,
) -> dict[str, Any]:
    """Beside the other systems: on all test questions, on those of low overlap, with terms swapped."""

    def scored(labels: Sequence[LabelledQuestion]) -> dict[str, Scores]:
        systems = {**others(labels), "sparse": index.scores([label.text for label in labels])}
        return with_fusions(systems, params.mining.bm25_weight)

    if not test:
        return {"systems": {}}
    systems = scored(test)
    comparison = {
        "systems": compare_systems(systems, test, passages, BASELINE, params),
        "low_overlap": compare_low_overlap(systems, test, passages, BASELINE, params),
    }
    if swapped := cross_lingual_questions(test, terms):
        table = compare_systems(scored(swapped), swapped, passages, BASELINE, params)
        comparison["cross_lingual"] = {"questions": len(swapped), "systems": table}
    return comparison


def _course(training: SparseTraining) -> dict[str, Any]:
    return {
        "steps": len(training.curve),
        "best_step": training.best_step,
        "stopped_early": training.stopped_early,
        "dev_ndcg10": training.dev_curve,
        "loss_first": training.curve[0]["loss"] if training.curve else None,
        "loss_last": training.curve[-1]["loss"] if training.curve else None,
    }
