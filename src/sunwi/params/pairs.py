"""Section pairs."""

from __future__ import annotations

from sunwi.params.section import Count, Section


class PairsParams(Section):
    """Candidate lists for the reranker, and how many of them at most: each costs `depth` pairs to score."""

    depth: Count = 20
    max_train: Count = 3000
    max_dev: Count = 400  # natural dev questions first
