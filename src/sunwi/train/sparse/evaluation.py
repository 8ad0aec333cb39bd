"""Quality of a sparse encoder: ranking beside other systems, cross-lingual recall, sparsity, latency."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.models.sparse.vectors import SparseVectors, expected_flops
from sunwi.score.measuring import ranking_measures
from sunwi.score.significance import bca_intervals, paired_randomisation
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, collapse
from sunwi.search.retrievers.base import Scores
from sunwi.search.retrievers.splade import SpladeRetriever
from sunwi.search.top import top
from sunwi.train.sparse.questions import SplitTerms, cross_lingual_questions
from sunwi.train.sparse.settings import ExportSections, SparseSections

if TYPE_CHECKING:
    from sunwi.train.sparse.bilingual.dictionary import TermPair

DEPTH = 100
MEASURES = ("ndcg10", "mrr", "recall10", "hit1")  # and recall100


@dataclass(frozen=True, slots=True)
class SparseIndex:
    """An encoder with the vectors that it gives a corpus."""

    encoder: SparseEncoder
    passages: SparseVectors
    query_max_length: int

    @classmethod
    def of(cls, encoder: SparseEncoder, texts: Sequence[str], params: ExportSections) -> SparseIndex:
        """Encode a corpus."""
        vectors = encoder.encode_passages(texts, params.sparse.passage_max_length)
        return cls(encoder, vectors, params.sparse.query_max_length)

    def queries(self, texts: Sequence[str]) -> SparseVectors:
        """Vectors of queries."""
        return self.encoder.encode_queries(texts, self.query_max_length)

    def scores(self, texts: Sequence[str]) -> Scores:
        """Shape [queries, passages]."""
        retriever = SpladeRetriever(self.encoder, self.passages, self.query_max_length)
        return retriever.score_vectors(self.queries(texts))


def measure(
    scores: Scores, labels: Sequence[LabelledQuestion], passages: Passages
) -> dict[str, npt.NDArray[np.float64]]:
    """nDCG@10, MRR@10, Recall@10 and @100, Hit@1 of every question, documents ranked by their best chunk."""
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for label, of_query in zip(labels, scores, strict=True):
        order, _ = top(of_query, len(of_query))
        chosen = [
            position
            for position in collapse(passages.groups, order, DEPTH)
            if of_query[position] > of_query.min()
        ]
        qrels[label.qid] = {passages.groups[position]: 1 for position in label.relevant}
        run[label.qid] = {
            passages.groups[position]: float(len(chosen) - rank) for rank, position in enumerate(chosen)
        }
    qids = [label.qid for label in labels]
    measured = ranking_measures(qrels, run, qids)
    values = {name: np.array([measured[name][qid] for qid in qids]) for name in MEASURES}
    whole = [len(qrels[qid].keys() & run[qid].keys()) / len(qrels[qid]) for qid in qids]
    return {**values, "recall100": np.array(whole)}


def with_fusions(systems: Mapping[str, Scores], weight: float) -> dict[str, Scores]:
    """The systems, and "sparse" with BM25 (even weights) and with dense search (`weight`): z-scores."""
    fused = dict(systems)
    if "bm25" in systems:
        fused["bm25_sparse"] = weighted_sum({name: systems[name] for name in ("bm25", "sparse")}, {})
    if "dense" in systems:
        fused["sparse_dense"] = weighted_sum(
            {name: systems[name] for name in ("sparse", "dense")}, {"sparse": weight}
        )
    return fused


def compare_low_overlap(
    systems: Mapping[str, Scores],
    labels: Sequence[LabelledQuestion],
    passages: Passages,
    baseline: str,
    params: SparseSections,
) -> dict[str, Any]:
    """`compare_systems` on the questions that copy little of their passage (`fusion.low_overlap`)."""
    rows = [row for row, label in enumerate(labels) if label.overlap <= params.fusion.low_overlap]
    comparison: dict[str, Any] = {"at_most": params.fusion.low_overlap, "questions": len(rows)}
    if rows:
        part = {name: scores[rows] for name, scores in systems.items()}
        comparison["systems"] = compare_systems(
            part, [labels[row] for row in rows], passages, baseline, params
        )
    return comparison


def compare_systems(
    systems: Mapping[str, Scores],
    labels: Sequence[LabelledQuestion],
    passages: Passages,
    baseline: str,
    params: SparseSections,
) -> dict[str, Any]:
    """Means of every system on the same questions; nDCG@10 against a baseline, interval, paired test."""
    values = {name: measure(scores, labels, passages) for name, scores in sorted(systems.items())}
    table: dict[str, Any] = {}
    for name, of_system in values.items():
        table[name] = {key: round(float(means.mean()), 6) for key, means in sorted(of_system.items())}
        if name != baseline:
            gain = of_system["ndcg10"] - values[baseline]["ndcg10"]
            low, high = bca_intervals(
                gain[:, None], params.score.confidence, params.score.bootstrap, params.seed
            )[0]
            table[name][f"ndcg10_over_{baseline}"] = {
                "gain": round(float(gain.mean()), 6),
                "low": round(float(low), 6),
                "high": round(float(high), 6),
                "p": round(paired_randomisation(gain, params.score.permutations, params.seed), 6),
            }
    return table


def sparsity(index: SparseIndex, questions: Sequence[str]) -> dict[str, float]:
    """Active terms of queries and passages, expected FLOPS of a pair, and the index's bytes."""
    queries = index.queries(questions)
    return {
        "active_terms_query": round(queries.active_terms, 3),
        "active_terms_passage": round(index.passages.active_terms, 3),
        "flops": round(expected_flops(queries, index.passages), 4),
        "index_bytes": index.passages.nbytes,
    }


def cross_lingual(
    index: SparseIndex, labels: Sequence[LabelledQuestion], terms: SplitTerms, passages: Passages
) -> dict[str, Any]:
    """Recall@10 of questions with terms in the other language, and the similarity of the terms' vectors.

    Separately for trained and for held-out terms: only the latter show what was learnt beyond the
    dictionary.
    """
    figures: dict[str, Any] = {}
    for name, pairs in (("trained_terms", terms.trained), ("held_out_terms", terms.held_out)):
        questions = cross_lingual_questions(labels, pairs)
        figures[name] = {
            "questions": len(questions),
            "term_similarity": round(term_similarity(index, pairs), 6),
        }
        if questions:
            recall = measure(index.scores([label.text for label in questions]), questions, passages)[
                "recall10"
            ]
            figures[name]["recall10"] = round(float(recall.mean()), 6)
    return figures


def term_similarity(index: SparseIndex, pairs: Sequence[TermPair]) -> float:
    """Mean cosine of the two terms' passage-side vectors; 0 where one has no active entry."""
    if not pairs:
        return 0.0
    limit = index.query_max_length
    korean, english = (
        index.encoder.encode_passages(texts, limit).matrix()
        for texts in ([pair.korean for pair in pairs], [pair.english for pair in pairs])
    )
    dots = np.asarray(korean.multiply(english).sum(axis=1)).ravel()
    norms = [np.sqrt(np.asarray(side.multiply(side).sum(axis=1)).ravel()) for side in (korean, english)]
    return float(np.mean(dots / np.maximum(norms[0] * norms[1], 1e-9)))


def activations(
    index: SparseIndex, labels: Sequence[LabelledQuestion], count: int = 10
) -> list[dict[str, Any]]:
    """Strongest terms of each question and of its first relevant passage."""
    queries = index.queries([label.text for label in labels])
    return [
        {
            "qid": label.qid,
            "question": label.text,
            "query_terms": index.encoder.top_terms(queries, row, count),
            "passage_terms": index.encoder.top_terms(index.passages, label.relevant[0], count),
        }
        for row, label in enumerate(labels)
    ]


def latency(index: SparseIndex, questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds to encode and score one query on one core: median and 95th percentile."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    retriever = SpladeRetriever(index.encoder, index.passages, index.query_max_length)
    taken = []
    try:
        for question in questions:
            start = time.perf_counter()
            top(retriever.score_vectors(index.queries([question]))[0], 10)
            taken.append((time.perf_counter() - start) * 1000)
    finally:
        torch.set_num_threads(threads)
    median, tail = np.percentile(taken, [50, 95])
    return {"queries": len(taken), "p50_ms": round(float(median), 3), "p95_ms": round(float(tail), 3)}
