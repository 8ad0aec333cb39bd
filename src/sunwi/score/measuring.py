"""Measures of a ranking for each query: the competition's by its rule, the standard ones by ir_measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from sunwi.errors import DataError
from sunwi.registry import Registry
from sunwi.score.measure import Family, Measure, Place
from sunwi.score.relevance import relevant_documents
from sunwi.trec import Qrels, Run, ranked

MEASURES: Registry[Family] = Registry("sunwi.score.measures", "MEASURE", Family)


def measures() -> list[Measure]:
    """Every measure, in their order.

    Raises
    ------
    DataError
        If two have the same key.
    """
    ordered = sorted(
        (measure for family in MEASURES.all().values() for measure in family.measures),
        key=lambda measure: (measure.order, measure.key),
    )
    keys = Counter(measure.key for measure in ordered)
    if repeated := sorted(key for key, count in keys.items() if count > 1):
        what = f"two measures have the key {', '.join(repeated)}"
        raise DataError(what, f"rename one in {MEASURES.package}")
    return ordered


def shown_in(place: Place) -> list[Measure]:
    """The measures that are shown in a place, in their order; the competition's, which leads all, is none."""
    return [measure for measure in measures() if place in measure.shown]


def of_topk() -> list[Measure]:
    """Measures of what is submitted: every query has them."""
    return [measure for measure in measures() if measure.of_topk is not None]


def of_rankings() -> list[Measure]:
    """Measures of a deep ranking: queries with a relevant document have them."""
    return [measure for measure in measures() if measure.of_topk is None]


def of_first_ranks() -> dict[str, Callable[[int | None], float]]:
    """Measures that the rank of the first relevant document decides: key to that function."""
    return {measure.key: measure.of_first_rank for measure in measures() if measure.of_first_rank is not None}


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
        Measure (the keys of `of_rankings`) to query id to value, 0 to 1, for the queries of `query_ids` that
        have a relevant document: the measures are not defined for the others.
    """
    import ir_measures

    wanted = of_rankings()
    relevant = relevant_documents(qrels)
    measured = sorted(set(query_ids) & relevant.keys())
    values: dict[str, dict[str, float]] = {measure.key: {} for measure in wanted}
    if not measured:
        return values
    ordered = {qid: [docid for docid, _ in ranked(run[qid])] for qid in measured if run.get(qid)}
    # ir_measures' providers break ties each in their own way and in single precision; falling whole
    # numbers in the order of `ranked` leave them no tie to break.
    strict = {
        qid: {docid: float(-rank) for rank, docid in enumerate(docids)} for qid, docids in ordered.items()
    }
    names = {
        ir_measures.parse_measure(measure.ir_measures): measure.key
        for measure in wanted
        if measure.ir_measures
    }
    evaluator = ir_measures.evaluator(list(names), {qid: qrels[qid] for qid in measured})
    for metric in evaluator.iter_calc(strict):  # yields the measure's 0 for queries that are not in the run
        values[names[metric.measure]][metric.query_id] = float(metric.value)
    for measure in wanted:
        if measure.of_ranking is not None:
            values[measure.key] = {
                qid: measure.of_ranking(qrels[qid], ordered.get(qid, ())) for qid in measured
            }
    return {key: {qid: by_query[qid] for qid in measured} for key, by_query in values.items()}


def measure_variant(
    qrels: Qrels, run: Run, topk: Mapping[str, Sequence[str]], query_ids: Sequence[str], cutoff: int
) -> dict[str, dict[str, float]]:
    """Every measure of one variant: measure to query id to value.

    Those of the submitted `topk` (`map`, the competition's) have all of `query_ids`; those of the deep `run`
    have the ones with a relevant document.
    """
    relevant = relevant_documents(qrels)
    submitted = {
        measure.key: {
            qid: measure.of_topk(relevant.get(qid, ()), topk[qid], cutoff) for qid in sorted(query_ids)
        }
        for measure in of_topk()
        if measure.of_topk is not None
    }
    return {**submitted, **ranking_measures(qrels, run, query_ids)}
