"""Do the variants, their topk and the queries fit each other: all that does not is named at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sunwi.errors import DataError, InputProblems, Problem
from sunwi.trec import Qrels, Run


def check_inputs(
    qrels: Qrels,
    runs: Mapping[str, Run],
    topk: Mapping[str, Mapping[str, Sequence[str]]],
    query_ids: Sequence[str],
    *,
    strata: Mapping[str, Collection[str]],
    baseline: str,
) -> None:
    """Refuse inputs that would be measured wrongly.

    Raises
    ------
    InputProblems
        For each variant: ids of queries that its topk lacks, ids in its topk or run that are no queries,
        a document submitted twice for a query (the competition would count its hit twice), a score that is
        not finite; variants with a run or topk alone; repeated query ids; stratum ids that are no queries.
    DataError
        If there is no query, the baseline is no variant, or qrels are given and none of them is of a query.
        Qrels with grades of 0 alone are valid: the competition's MAP is defined for them.
    """
    if not query_ids:
        raise DataError("there is no query to score", "check that data/prepared/queries.jsonl has rows")
    if baseline not in runs:
        raise DataError(
            f"score.baseline is {baseline!r}; expected one of {', '.join(sorted(runs)) or '(no variant)'}",
            "set score.baseline to one of them, or add that variant to submissions",
        )
    queries = set(query_ids)
    repeated = {qid for qid, times in Counter(query_ids).items() if times > 1}
    problems = _listed("queries", "the list of queries repeats", repeated)
    for name in sorted(runs.keys() | topk.keys()):
        if name not in runs or name not in topk:
            problems.append(Problem(name, None, f"has no {'run' if name not in runs else 'topk'}"))
        else:
            problems += _faults_of_variant(name, runs[name], topk[name], queries)
    for stratum, members in sorted(strata.items()):
        problems += _listed(f"stratum {stratum}", "has ids that are not queries:", set(members) - queries)
    if problems:
        raise InputProblems(problems, "submit every variant again for the same queries, then score")
    if qrels and not queries & qrels.keys():
        raise DataError(
            f"none of the {len(queries)} queries is in the qrels "
            f"(the queries have ids like {min(queries)!r}, the qrels like {min(qrels)!r})",
            "give the qrels that belong to these queries, or score without qrels",
        )


def _faults_of_variant(
    name: str, run: Run, topk: Mapping[str, Sequence[str]], queries: set[str]
) -> list[Problem]:
    twice = {qid for qid, documents in topk.items() if len(set(documents)) < len(documents)}
    wild = {qid for qid, scores in run.items() if not all(map(math.isfinite, scores.values()))}
    return [
        *_listed(name, "has no topk for the queries", queries - topk.keys()),
        *_listed(name, "has a topk for ids that are not queries:", topk.keys() - queries),
        *_listed(name, "has a ranking for ids that are not queries:", run.keys() - queries),
        *_listed(name, "submits a document twice for the queries", twice),
        *_listed(name, "has scores that are not finite for the queries", wild),
    ]


def _listed(place: str, fault: str, ids: Iterable[str]) -> list[Problem]:
    """One problem that names all of the ids, or none."""
    named = sorted(ids)
    return [Problem(place, None, f"{fault} {', '.join(named)} ({len(named)} in all)")] if named else []
