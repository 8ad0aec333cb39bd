"""Section report."""

from __future__ import annotations

from pydantic import NonNegativeInt, PositiveInt

from sunwi.params.section import PositiveFloat, Section


class ReportParams(Section):
    """The report page and what is diagnosed for it."""

    headline: str | None = None  # the variant that is spoken of; None: the last one declared
    explorer_variants: PositiveInt = (
        20  # variants whose rankings can be looked at: headline, baseline, best others
    )
    explorer_queries: PositiveInt = 400  # failing queries first
    map_questions: NonNegativeInt = 400  # synthetic questions on the embedding map, a seeded sample
    perplexity: PositiveFloat = 30.0  # of t-SNE, lowered where there are few points
