"""What was judged, by split, beside the labels that the pipeline uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sunwi.judging.merging import Held, merge
from sunwi.judging.records import SplitName, machines, people
from sunwi.trec import Qrels


def judged_summary(held: Held, labels: Mapping[SplitName, Qrels]) -> dict[str, Any]:
    """Counts of people's lines by split, and of language models' lines.

    `same`, `other`, `unlabelled`: pairs whose label in use is people's grade, another one, or missing (then
    `sunwi import judgements` was not run, or not on the folder in use).

    Parameters
    ----------
    labels
        Split to the qrels in use; new queries become dev queries.
    """
    own = people(held)
    merged = merge(own)
    splits: dict[str, dict[str, int]] = {}
    for split, qrels in sorted(merged.qrels.items()):
        known = labels.get("dev" if split == "new" else split, {})
        counts = dict.fromkeys(("queries", "pairs", "chitchat", "unclear", "same", "other", "unlabelled"), 0)
        for qid, grades in qrels.items():
            counts["queries"] += 1
            counts["chitchat"] += not grades
            for docid, grade in grades.items():
                label = known.get(qid, {}).get(docid)
                counts["pairs"] += 1
                counts["unlabelled" if label is None else "same" if label == grade else "other"] += 1
        splits[split] = counts
    for split, _ in sorted(merged.unclear):
        if split in splits:
            splits[split]["unclear"] += 1
    lines = {judge: len(of_judge) for judge, of_judge in sorted(machines(held).items())}
    return {"judges": len(own), "splits": splits, "machine_lines": lines}
