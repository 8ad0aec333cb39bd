"""Sections score, guard and report."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sunwi.params.section import Count, Level, NotNegative, Positive, Section, Whole


class ScoreParams(Section):
    """Measures and tests."""

    baseline: str = "dense_base"
    cutoff: Count = 3  # of the competition's MAP
    bootstrap: Count = 10000
    permutations: Count = 100000
    confidence: Level = 0.95


GuardMeasure = Literal["map", "mrr", "hit1", "hit3", "hit5"]  # those that metrics/per_query.csv can tell


class GuardParams(Section):
    """What `sunwi check --against REV` watches: the headline variant in these measures."""

    tolerances: Annotated[dict[GuardMeasure, NotNegative], Field(min_length=1)] = {"map": 0.01}
    alpha: Level = 0.05


class ReportParams(Section):
    """The report page and what is diagnosed for it."""

    headline: str | None = None  # the variant that is spoken of; None: the last one declared
    explorer_variants: Count = 20  # variants whose rankings can be looked at: headline, baseline, best others
    explorer_queries: Count = 400  # failing queries first
    map_questions: Whole = 400  # synthetic questions on the embedding map, a seeded sample
    perplexity: Positive = 30.0  # of t-SNE, lowered where there are few points
