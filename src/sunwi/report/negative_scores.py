"""How close hard negatives come to their positives, by the teacher's scores."""

from __future__ import annotations

from collections.abc import Iterable

from sunwi.records import MinedRow

COLUMNS = ("kind", "low", "high", "passages")
BINS = 24


def score_histogram(rows: Iterable[MinedRow]) -> list[dict[str, str | float]]:
    """Histogram of the scores of positives and negatives over the same equal bins.

    Returns
    -------
    list of dict
        `kind` (negative, positive), the bin's limits and its number of passages; empty without scores.
    """
    import numpy as np

    mined = list(rows)
    scores = {
        "negative": [score for row in mined for score in row.neg_scores],
        "positive": [score for row in mined for score in row.pos_scores],
    }
    every = [score for found in scores.values() for score in found]
    if not every:
        return []
    edges = (
        np.linspace(min(every), max(every), BINS + 1) if min(every) < max(every) else np.array([every[0]] * 2)
    )
    if len(edges) == 2:
        return [
            {"kind": kind, "low": every[0], "high": every[0], "passages": len(found)}
            for kind, found in scores.items()
        ]
    table: list[dict[str, str | float]] = []
    for kind, found in scores.items():
        counts, _ = np.histogram(np.array(found, dtype=np.float64), bins=edges)
        limits = [round(float(edge), 4) for edge in edges]
        table += [
            {"kind": kind, "low": limits[at], "high": limits[at + 1], "passages": int(count)}
            for at, count in enumerate(counts)
        ]
    return table
