"""The page's section on judgements: what people judged, who agrees, how much of each ranking is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sunwi.records.submissions import LineageRow
from sunwi.report.decisions import decision_rows
from sunwi.report.inputs import PageInputs
from sunwi.trec import Qrels

DESK = "http://127.0.0.1:8756/desk"  # where `sunwi judge` opens the desk
DEPTHS = (3, 10)
LINKED = 30  # failing queries in one link to the desk
NO_MACHINE = {"used": False, "why": "", "agreement": None}
SPLITS = {"test": "평가", "dev": "dev", "new": "새 질의"}


def judgements_view(inputs: PageInputs, variants: Sequence[str]) -> dict[str, Any]:
    """Counts by split, agreement of people and of the language model, judged@k of the variants.

    Parameters
    ----------
    variants
        Those of the table, in its order.
    """
    found = inputs.metrics.get("judge") or {}
    people, machine = found.get("people", {}), {**NO_MACHINE, **found.get("machine", {})}
    splits = people.get("splits", {})
    failing = [note for note in inputs.notes if note.variant == inputs.params.headline]
    qids = [str(note.eval_id) for note in failing][:LINKED]
    return {
        "judges": people.get("judges", 0),
        "splits": [{"label": SPLITS[name], **splits[name]} for name in SPLITS if name in splits],
        "unused": sum(counts["unlabelled"] + counts["other"] for counts in splits.values()),
        "machine_lines": sum(people.get("machine_lines", {}).values()),
        "agreement": people.get("agreement"),
        "machine": machine,
        "depths": DEPTHS,
        "coverage": [_coverage(inputs, name) for name in variants] if inputs.qrels else [],
        "mining": inputs.metrics.get("mine", {}).get("judge"),
        "arbiters": _arbiters(inputs.metrics.get("submissions", {})),
        "decisions": decision_rows(inputs.metrics, inputs.params.fusion.prior_questions),
        "desk": desk_link(qids) if qids else None,
        "linked": len(qids),
    }


def _coverage(inputs: PageInputs, name: str) -> dict[str, Any]:
    lineage = inputs.lineage[name]
    return {"name": name, **{f"at{depth}": judged_at(lineage, inputs.qrels, depth) for depth in DEPTHS}}


def judged_at(lineage: Sequence[LineageRow], qrels: Qrels, depth: int) -> float | None:
    """Share of the first `depth` documents with a grade, over queries that have one; None: no such query.

    Examples
    --------
    >>> row = LineageRow(eval_id=1, standalone_query="q", needs_retrieval=True, reason="ranked",
    ...     candidates=[{"docid": "a", "rank": 1}, {"docid": "b", "rank": 2}])
    >>> judged_at([row], {"1": {"a": 0}}, 3)
    0.5
    """
    seen = judged = 0
    for row in lineage:
        grades = qrels.get(str(row.eval_id))
        if not grades:
            continue
        first = [str(one["docid"]) for one in row.candidates if 0 < int(one["rank"] or 0) <= depth]
        seen += len(first)
        judged += sum(docid in grades for docid in first)
    return judged / seen if seen else None


def desk_link(qids: Sequence[str]) -> str:
    """The desk's address with test queries to judge."""
    return f"{DESK}?{urlencode([('split', 'test'), *(('qid', qid) for qid in qids)])}"


def _arbiters(submissions: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, **metrics["arbiter"]}
        for name, metrics in sorted(submissions.items())
        if "arbiter" in metrics
    ]
