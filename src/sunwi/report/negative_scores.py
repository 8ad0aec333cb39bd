"""How close hard negatives come to their positives, by the teacher's scores."""

from __future__ import annotations

from collections.abc import Iterable

from sunwi.records.mined import MinedRow

COLUMNS = ("low", "high", "negatives", "positives")
BINS = 24


def score_histogram(rows: Iterable[MinedRow]) -> list[dict[str, float]]:
    """Histogram of the scores of negatives and positives over the same equal bins.

    Returns
    -------
    list of dict
        Rows of `COLUMNS`: a bin's limits and its passages of each kind; empty without scores, and one row
        where all scores are equal.
    """
    import numpy as np

    mined = list(rows)
    scores = {
        "negatives": [score for row in mined for score in row.neg_scores],
        "positives": [score for row in mined for score in row.pos_scores],
    }
    every = [score for values in scores.values() for score in values]
    if not every:
        return []
    low, high = min(every), max(every)
    if low == high:
        return [{"low": low, "high": high, **{kind: len(values) for kind, values in scores.items()}}]
    edges = np.linspace(low, high, BINS + 1)
    counts = {kind: np.histogram(np.array(values), bins=edges)[0] for kind, values in scores.items()}
    limits = [round(float(edge), 4) for edge in edges]
    return [
        {
            "low": limits[bin_index],
            "high": limits[bin_index + 1],
            **{kind: int(values[bin_index]) for kind, values in counts.items()},
        }
        for bin_index in range(BINS)
    ]
