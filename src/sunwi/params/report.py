"""Section report."""

from __future__ import annotations

from sunwi.params.section import Count, Positive, Section, Whole


class ReportParams(Section):
    """The report page and what is diagnosed for it."""

    headline: str | None = None  # the variant that is spoken of; None: the last one declared
    explorer_variants: Count = 20  # variants whose rankings can be looked at: headline, baseline, best others
    explorer_queries: Count = 400  # failing queries first
    map_questions: Whole = 400  # synthetic questions on the embedding map, a seeded sample
    perplexity: Positive = 30.0  # of t-SNE, lowered where there are few points
