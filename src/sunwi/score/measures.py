"""Measures of a ranking for each query: the competition's by its rule, the standard ones by ir_measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sunwi.score.competition_map import competition_average_precision
from sunwi.trec import Qrels, Run, ranked

COMPETITION = "map"
RANKING = {  # our key -> ir_measures' name; averaged over the queries that have a relevant document
    "ap": "AP",
    "mrr": "RR@10",
    "ndcg10": "nDCG@10",
    **{f"recall{cutoff}": f"R@{cutoff}" for cutoff in (1, 5, 10, 50)},
    **{f"p{cutoff}": f"P@{cutoff}" for cutoff in (1, 3, 5)},
    **{f"hit{cutoff}": f"Success@{cutoff}" for cutoff in (1, 3, 5)},
}


def relevant_documents(qrels: Qrels) -> dict[str, frozenset[str]]:
    """Query id to the documents with a grade of at least 1; queries without one are left out."""
    judged = {qid: frozenset(docid for docid, grade in qrels[qid].items() if grade > 0) for qid in qrels}
    return {qid: documents for qid, documents in judged.items() if documents}


def first_relevant_rank(relevant: frozenset[str], scores: Mapping[str, float]) -> int | None:
    """Rank, from 1, of the best relevant document of a ranking; None if it has none."""
    order = ranked(dict(scores))
    return next((rank for rank, (docid, _) in enumerate(order, start=1) if docid in relevant), None)


def ranking_measures(qrels: Qrels, run: Run, query_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """Standard measures of a deep ranking (Järvelin & Kekäläinen 2002 for nDCG, in trec_eval's linear form).

    Parameters
    ----------
    qrels
        Query id to docid to grade; relevant is a grade of at least 1.
    run
        Query id to docid to score; a query that is missing scores 0 in every measure.
    query_ids
        The queries to measure.

    Returns
    -------
    dict
        Measure (the keys of `RANKING`) to query id to value, 0 to 1, for the queries of `query_ids` that
        have a relevant document: the measures are not defined for the others.
    """
    import ir_measures

    measured = sorted(set(query_ids) & relevant_documents(qrels).keys())
    names = {ir_measures.parse_measure(name): key for key, name in RANKING.items()}
    values: dict[str, dict[str, float]] = {key: {} for key in RANKING}
    if not measured:
        return values
    # ir_measures' providers break ties each in their own way and in single precision; falling whole
    # numbers in the order of `ranked` leave them no tie to break.
    strict = {
        qid: {docid: float(-rank) for rank, (docid, _) in enumerate(ranked(run[qid]))}
        for qid in measured
        if run.get(qid)
    }
    evaluator = ir_measures.evaluator(list(names), {qid: qrels[qid] for qid in measured})
    for metric in evaluator.iter_calc(strict):  # yields the measure's 0 for queries that are not in the run
        values[names[metric.measure]][metric.query_id] = float(metric.value)
    return {key: {qid: values[key][qid] for qid in measured} for key in RANKING}


def measure_variant(
    qrels: Qrels, run: Run, topk: Mapping[str, Sequence[str]], query_ids: Sequence[str], cutoff: int
) -> dict[str, dict[str, float]]:
    """Every measure of one variant: measure to query id to value.

    `map` (competition, from the submitted `topk`) has all of `query_ids`; the standard measures (from the
    deep `run`) have those with a relevant document.
    """
    relevant = relevant_documents(qrels)
    competition = {
        qid: competition_average_precision(relevant.get(qid, ()), topk[qid], cutoff)
        for qid in sorted(query_ids)
    }
    return {COMPETITION: competition, **ranking_measures(qrels, run, query_ids)}
