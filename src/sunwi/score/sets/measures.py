"""Measures of one system on one set, as public leaderboards have them."""

from __future__ import annotations

from collections.abc import Sequence

from sunwi.score.relevance import relevant_documents
from sunwi.trec import Qrels, Run, ranked

PerQuery = dict[str, dict[str, float]]  # measure -> query id -> value

CUTOFFS = (1, 3, 5, 10, 20, 100)
MAIN = "ndcg_at_10"
# mteb's names of the measures, and ir_measures'. Depths are the ranking's: a depth of 100 gives map_at_100.
NAMES: dict[str, str] = {
    f"{key}_at_{cutoff}": f"{measure}@{cutoff}"
    for key, measure in (("ndcg", "nDCG"), ("map", "AP"), ("recall", "R"), ("precision", "P"), ("mrr", "RR"))
    for cutoff in CUTOFFS
}
SHOWN: dict[str, str] = {
    "ndcg_at_10": "nDCG@10",
    "map_at_100": "MAP@100",
    "recall_at_10": "Recall@10",
    "recall_at_100": "Recall@100",
    "mrr_at_10": "MRR@10",
}


def measure_set(qrels: Qrels, run: Run, query_ids: Sequence[str]) -> PerQuery:
    """Every measure for each query of `query_ids` with a relevant document; 0 where the run has none.

    Parameters
    ----------
    qrels
        Query id to docid to grade; relevant is a grade of at least 1.
    run
        Query id to docid to score; ties are broken by docid.
    """
    import ir_measures

    measured = sorted(set(query_ids) & relevant_documents(qrels).keys())
    values: PerQuery = {key: dict.fromkeys(measured, 0.0) for key in NAMES}
    if not measured:
        return values
    # ir_measures' providers break ties each in their own way; falling whole numbers leave them none.
    strict = {
        qid: {docid: float(-rank) for rank, (docid, _) in enumerate(ranked(run[qid]))}
        for qid in measured
        if run.get(qid)
    }
    names = {ir_measures.parse_measure(measure): key for key, measure in NAMES.items()}
    evaluator = ir_measures.evaluator(list(names), {qid: qrels[qid] for qid in measured})
    for metric in evaluator.iter_calc(strict):
        values[names[metric.measure]][metric.query_id] = float(metric.value)
    return values


def means(values: PerQuery) -> dict[str, float]:
    """Mean over queries of each measure; empty where no query was measured."""
    return {key: sum(of.values()) / len(of) for key, of in values.items() if of}
