"""Section pairs."""

from __future__ import annotations

from pydantic import PositiveInt

from sunwi.params.section import Section


class PairsParams(Section):
    """Candidate lists for the reranker, and how many of them at most: each costs `depth` pairs to score."""

    depth: PositiveInt = 20
    """Candidates a list, from the promoted hybrid retriever."""
    max_train: PositiveInt = 3000
    """Train lists at most; each costs `depth` pairs to score."""
    max_dev: PositiveInt = 400
    """Dev lists at most; natural questions first."""
