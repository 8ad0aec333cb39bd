"""What became of every question and candidate: the counts of metrics/mine.json."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sunwi.records.mined import MinedRow

COUNTED = (
    "questions",
    "rows",
    "short",
    "without_negative",
    "out_ranked",
    "without_round_trip",  # those among them that `max_positive_rank` judged by this run's ranks
    "widened",
    "filled",
)


@dataclass(slots=True)
class MiningCount:
    """Gathered question by question."""

    negatives: int  # that a full row has
    counts: Counter[str] = field(default_factory=Counter)
    drops: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    pool_sizes: array[int] = field(default_factory=lambda: array("q"))
    margins: array[float] = field(default_factory=lambda: array("d"))

    def add(self, row: MinedRow) -> None:
        """Count a row that is kept."""
        self.counts["rows"] += 1
        self.counts["short"] += len(row.neg) < self.negatives
        self.counts["several_positives"] += len(row.pos) > 1
        self.margins.extend(row.pos_scores[0] - score for score in row.neg_scores)
        self.sources.update(str(entry["source"]) for entry in row.provenance)

    def merge(self, other: MiningCount) -> None:
        """Add what was counted of the questions that come next."""
        self.counts.update(other.counts)
        self.drops.update(other.drops)
        self.sources.update(other.sources)
        self.pool_sizes += other.pool_sizes
        self.margins += other.margins

    def notice(self, passages: int) -> str | None:
        """A sentence with the next step if the corpus is too small for full rows; None if it is not."""
        if passages > self.negatives or not self.counts["questions"]:
            return None
        return (
            f"the corpus has {passages} passages, too few for mining.negatives {self.negatives} beside "
            f"the answer: of {self.counts['questions']} questions {self.counts['short']} have fewer and "
            f"{self.counts['without_negative']} none. Next: add documents, or lower mining.negatives"
        )

    def metrics(self) -> dict[str, Any]:
        """Counts, drops by rule, each source's count and share, sizes of the pools, the mean margin."""
        total = sum(self.sources.values())
        return {
            **{name: self.counts[name] for name in COUNTED},
            **({"several_positives": n} if (n := self.counts["several_positives"]) else {}),
            "drops": dict(sorted(self.drops.items())),
            "sources": dict(sorted(self.sources.items())),
            "source_shares": {name: round(n / total, 4) for name, n in sorted(self.sources.items())},
            "pool_size_mean": round(float(np.mean(self.pool_sizes)), 3) if self.pool_sizes else 0.0,
            "pool_size_min": min(self.pool_sizes, default=0),
            "pool_size_max": max(self.pool_sizes, default=0),
            "margin_mean": round(float(np.mean(self.margins)), 4) if self.margins else 0.0,
        }
