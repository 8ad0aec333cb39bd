"""The tables of a scored set of variants: a small summary, every measure in detail, and each query."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.params.score import ScoreParams
from sunwi.records.files import write_json
from sunwi.records.tables import Cell, write_csv
from sunwi.score.comparison import Values, compare_variants
from sunwi.score.inputs import check_inputs
from sunwi.score.measure import COMPETITION
from sunwi.score.measuring import measure_variant, shown_in
from sunwi.score.plots import LADDER_COLUMNS, RECALL_COLUMNS, map_ladder, recall_curve
from sunwi.score.relevance import first_relevant_rank, relevant_documents
from sunwi.trec import Qrels, Run

MEASURE_DIGITS = 4  # in the summary, which people compare; the detail has six


@dataclass(frozen=True, slots=True)
class Scores:
    """What `score_runs` found.

    Attributes
    ----------
    summary
        Variant to a flat mapping of counts and rounded values; without qrels it has the counts alone.
    detail
        Settings, counts, every measure with its interval, and gains over the baseline with interval and
        p-values, for all queries and for each stratum.
    per_query
        One row a query, sorted by id: its number of relevant documents, and for each variant
        `NAME.average_precision` (competition, of the topk) and `NAME.first_relevant_rank` (of the run);
        None where it is not defined.
    """

    summary: dict[str, dict[str, int | float]]
    detail: dict[str, Any]
    per_query: list[dict[str, Cell]]


def score_runs(
    qrels: Qrels,
    runs: Mapping[str, Run],
    topk: Mapping[str, Mapping[str, Sequence[str]]],
    query_ids: Sequence[str],
    params: ScoreParams,
    *,
    seed: int,
    strata: Mapping[str, Collection[str]] | None = None,
) -> Scores:
    """Measure variants on the same queries and compare each with the baseline.

    Parameters
    ----------
    qrels
        Query id to docid to grade; a query without an entry has no relevant document. Empty: the queries
        are not labelled, and only counts are computed.
    runs
        Variant to its deep rankings; a query without one scores 0 in the standard measures.
    topk
        Variant to the submitted documents of every query, which the competition's MAP reads.
    query_ids
        The queries; their order has no influence. Without any, or without runs, the detail holds the reason.
    strata
        Name to the queries of a part that is measured on its own too, such as those of low overlap.

    Raises
    ------
    InputProblems, DataError
        If the inputs do not fit each other; see `check_inputs`.
    """
    strata = strata or {}
    if not runs:
        return Scores({}, {"reason": "params.yaml has no variants"}, [])
    if not query_ids:
        none: dict[str, int | float] = {"queries": 0, "labelled_queries": 0, "empty_topk": 0}
        return Scores(
            {name: dict(none) for name in sorted(runs)}, {"reason": "the source has no queries"}, []
        )
    check_inputs(qrels, runs, topk, query_ids, strata=strata, baseline=params.baseline)
    queries = sorted(query_ids)
    names = sorted(runs)
    relevant = relevant_documents(qrels)
    values = (
        {name: measure_variant(qrels, runs[name], topk[name], queries, params.cutoff) for name in names}
        if qrels
        else {}
    )

    def part(members: Sequence[str]) -> dict[str, Any]:
        return {
            "counts": _counts(members, relevant, runs, topk),
            "variants": compare_variants(values, members, params, seed),
        }

    everything = part(queries)
    detail = {
        "settings": {**params.model_dump(), "seed": seed},
        "qrels_without_query": len(qrels.keys() - set(queries)),
        "all": everything,
        "strata": {name: part(sorted(set(strata[name]))) for name in sorted(strata)},
    }
    per_query = [_query_row(qid, names, relevant, runs, values) for qid in queries]
    return Scores({name: _summary_row(name, everything) for name in names}, detail, per_query)


def _counts(
    members: Sequence[str],
    relevant: Mapping[str, frozenset[str]],
    runs: Mapping[str, Run],
    topk: Mapping[str, Mapping[str, Sequence[str]]],
) -> dict[str, Any]:
    labelled = [qid for qid in members if qid in relevant]
    return {
        "queries": len(members),
        "labelled_queries": len(labelled),  # those with a relevant document
        "variants": {
            name: {
                "empty_topk": sum(not topk[name][qid] for qid in members),
                "labelled_without_ranking": sum(not runs[name].get(qid) for qid in labelled),
            }
            for name in sorted(runs)
        },
    }


def _summary_row(name: str, everything: Mapping[str, Any]) -> dict[str, int | float]:
    counts = everything["counts"]
    row: dict[str, int | float] = {
        "queries": counts["queries"],
        "labelled_queries": counts["labelled_queries"],
        "empty_topk": counts["variants"][name]["empty_topk"],
    }
    if name not in everything["variants"]:
        return row
    variant = everything["variants"][name]
    competition = variant["measures"][COMPETITION]
    row["map"] = round(competition["mean"], MEASURE_DIGITS)
    row["map_low"] = round(competition["low"], MEASURE_DIGITS)
    row["map_high"] = round(competition["high"], MEASURE_DIGITS)
    for measure in shown_in("summary"):
        if measure.key in variant["measures"]:  # no query may have a relevant document
            row[measure.key] = round(variant["measures"][measure.key]["mean"], MEASURE_DIGITS)
    if gain := variant.get("against_baseline"):
        row["delta_map"] = round(gain[COMPETITION]["delta"], MEASURE_DIGITS)
        row["p_map"] = gain[COMPETITION]["p_holm"]
    return row


def _query_row(
    qid: str,
    names: Sequence[str],
    relevant: Mapping[str, frozenset[str]],
    runs: Mapping[str, Run],
    values: Mapping[str, Values],
) -> dict[str, Cell]:
    labelled = bool(values)
    row: dict[str, Cell] = {
        "query_id": qid,
        "relevant_documents": len(relevant.get(qid, ())) if labelled else None,
    }
    for name in names:
        precision = round(values[name][COMPETITION][qid], 6) if labelled else None
        row[f"{name}.average_precision"] = precision
        row[f"{name}.first_relevant_rank"] = (
            first_relevant_rank(relevant[qid], runs[name].get(qid, {})) if qid in relevant else None
        )
    return row


def write_scores(scores: Scores, folder: Path) -> None:
    """Write scores.json, scores_detail.json, per_query.csv and the plots' tables, each atomically."""
    write_json(folder / "scores.json", scores.summary)
    write_json(folder / "scores_detail.json", scores.detail)
    head = [*scores.per_query[0]] if scores.per_query else ["query_id"]
    write_csv(folder / "per_query.csv", head, scores.per_query)
    write_csv(folder / "plots" / "map_ladder.csv", LADDER_COLUMNS, map_ladder(scores.summary))
    write_csv(folder / "plots" / "recall.csv", RECALL_COLUMNS, recall_curve(scores.detail))
