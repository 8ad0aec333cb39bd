"""Section report."""

from __future__ import annotations

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from sunwi.params.section import Name, Section


class ReportParams(Section):
    """The report page and what is diagnosed for it."""

    headline: Name | None = None
    """Variant that the report page and the guard are about; null: the last submission."""
    explorer_variants: PositiveInt = 20
    """Variants whose rankings the page shows: headline, baseline, the best others."""
    explorer_queries: PositiveInt = 400
    """Queries in the page's explorer at most; failing ones first."""
    map_questions: NonNegativeInt = 400
    """Synthetic questions on the embedding map, a seeded sample."""
    perplexity: PositiveFloat = 30.0
    """Of t-SNE; lowered where there are few points."""
