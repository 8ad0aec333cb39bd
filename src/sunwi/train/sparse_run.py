"""One sparse run from mined rows to a saved encoder: start, train, measure before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.models.resolver import resolve
from sunwi.models.sparse_encoder import SparseEncoder
from sunwi.params import Params
from sunwi.records import MinedRow, canonical_json
from sunwi.runtime import cache_dir, text_hash
from sunwi.search.batch import Passages
from sunwi.search.bilingual.dictionary import TermPair
from sunwi.search.bm25 import Bm25, index_terms, top
from sunwi.search.labelled import LabelledQuestion, low_overlap
from sunwi.search.retriever import Scores
from sunwi.train.batches import Kin
from sunwi.train.sparse import SparseTraining, train_sparse
from sunwi.train.sparse_checkpoint import Checkpoint
from sunwi.train.sparse_evaluation import (
    SparseIndex,
    activations,
    compare_systems,
    cross_lingual,
    latency,
    measure,
    sparsity,
)
from sunwi.train.sparse_questions import SplitTerms, split_terms, with_swapped_terms
from sunwi.train.sparse_start import start_encoder

DEV_QUESTIONS = 120  # of the lowest overlap, by which the run stops
DEV_CORPUS = 600  # up to here the whole corpus is ranked at each evaluation
DEV_DEPTH = 10  # above it, BM25's best of every dev question beside its relevant passages
SHOWN = 5  # questions whose activated terms are shown
TIMED = 100  # queries whose latency is taken

OtherSystems = Callable[[Sequence[LabelledQuestion]], Mapping[str, Scores]]


@dataclass(frozen=True, slots=True)
class SparseRun:
    """Metrics (the same on every run), the curve of the losses, and this machine's latency."""

    metrics: dict[str, Any]
    curve: list[dict[str, float]]
    latency: dict[str, float]


def run_sparse(
    params: Params,
    rows: Sequence[MinedRow],
    passages: Passages,
    dev: Sequence[LabelledQuestion],
    test: Sequence[LabelledQuestion],
    terms: Sequence[TermPair],
    kin: Kin,
    others: OtherSystems,
    out: Path,
) -> SparseRun:
    """Train a sparse encoder, write it to `out` and measure it beside the others on the test questions.

    `others` gives the scores [questions, passages] of the systems that it is compared with; one of them is
    "bm25", the baseline of the paired tests.
    """
    settings = params.sparse
    info = resolve(params.encoder.model if settings.model == "encoder" else settings.model)
    split = split_terms(terms)
    trained_on = with_swapped_terms(rows, split.trained, settings.swap_share, params.seed)
    spoken = [row.query for row in trained_on] + [
        text for pair in terms for text in (pair.korean, pair.english)
    ]
    encoder = start_encoder(info, passages.texts, spoken, settings, params.seed)
    before = _measure(encoder, passages, test, split, params)
    pool, labels = dev_pool(passages, dev, params)

    def dev_ndcg() -> float:
        index = SparseIndex.of(encoder, pool.texts, params)
        scores = index.scores([label.text for label in labels])
        return float(measure(scores, labels, pool)["ndcg10"].mean())

    key = text_hash(
        info.content_hash,
        settings.model_dump_json(exclude={"checkpoint_every"}),
        str(params.seed),
        *(canonical_json(row.model_dump()) for row in trained_on),
        *pool.texts,
        *(label.text for label in labels),
    )
    checkpoint = Checkpoint(cache_dir(), key)
    training = train_sparse(
        encoder, trained_on, split.trained, settings, kin, dev_ndcg, params.seed, checkpoint
    )  # fmt: skip
    after = _measure(encoder, passages, test, split, params)
    index = SparseIndex.of(encoder, passages.texts, params)
    own = index.scores([label.text for label in test])
    metrics = {
        "trained": True,
        "query": settings.query,
        "vocabulary": len(encoder.token_ids),
        "rows": len(trained_on),
        "rows_with_swapped_terms": len(trained_on) - len(rows),
        "rows_left_out_of_batches": training.left_out_rows,
        "term_pairs": {"trained": len(split.trained), "held_out": len(split.held_out)},
        "trained_parameters": training.trained_parameters,
        **_course(training),
        "before": before,
        "after": after,
        "test_questions": len(test),
        "systems": compare_systems({**others(test), "sparse": own}, test, passages, "bm25", params)
        if test
        else {},
        "activations": activations(index, test[:SHOWN]),
    }
    encoder.save(info, out)
    checkpoint.remove()
    timed = [label.text for label in (test or dev)][:TIMED]
    return SparseRun(metrics, training.curve, latency(index, timed) if timed else {})


def dev_pool(
    passages: Passages, dev: Sequence[LabelledQuestion], params: Params
) -> tuple[Passages, list[LabelledQuestion]]:
    """The low-overlap dev questions and the passages that they are ranked over at each evaluation."""
    chosen = low_overlap(dev, params.fusion.low_overlap, params.fusion.min_questions)
    chosen = sorted(sorted(chosen, key=lambda row: (dev[row].overlap, dev[row].qid))[:DEV_QUESTIONS])
    labels = [dev[row] for row in chosen]
    if len(passages) <= DEV_CORPUS:
        return passages, labels
    lexical = Bm25(index_terms(passages.texts, params.bm25.tokenizer), params.bm25)
    kept = {at for label in labels for at in label.relevant}
    for terms in index_terms([label.text for label in labels], params.bm25.tokenizer):
        kept.update(int(at) for at in top(lexical.scores(terms), DEV_DEPTH)[0])
    order = sorted(kept)
    place = {at: row for row, at in enumerate(order)}
    docids = [passages.docids[at] for at in order]
    pool = Passages(
        docids,
        [passages.texts[at] for at in order],
        [passages.groups[at] for at in order],
        {docid: row for row, docid in enumerate(docids)},
    )
    moved = [
        LabelledQuestion(
            label.qid,
            label.text,
            tuple(place[at] for at in label.relevant),
            label.split,
            label.style,
            label.overlap,
        )
        for label in labels
    ]
    return pool, moved


def _measure(
    encoder: SparseEncoder,
    passages: Passages,
    test: Sequence[LabelledQuestion],
    split: SplitTerms,
    params: Params,
) -> dict[str, Any]:
    index = SparseIndex.of(encoder, passages.texts, params)
    found: dict[str, Any] = {"cross_lingual": cross_lingual(index, test, split, passages)}
    if test:
        texts = [label.text for label in test]
        values = measure(index.scores(texts), test, passages)
        found |= {name: round(float(of_all.mean()), 6) for name, of_all in values.items()}
        found |= sparsity(index, texts)
    return found


def _course(training: SparseTraining) -> dict[str, Any]:
    return {
        "steps": len(training.curve),
        "best_step": training.best_step,
        "stopped_early": training.stopped_early,
        "dev_ndcg10": training.dev_curve,
        "loss_first": training.curve[0]["loss"] if training.curve else None,
        "loss_last": training.curve[-1]["loss"] if training.curve else None,
    }
