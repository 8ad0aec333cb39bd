"""Every variant by name, and the one that the report speaks of."""

from __future__ import annotations

from collections.abc import Mapping

from sunwi.params.combinations import CombinationParams
from sunwi.params.finishing import VariantName
from sunwi.params.reading import Sections
from sunwi.params.report import ReportParams
from sunwi.params.score import ScoreParams
from sunwi.params.submissions import BaselineParams, PromotedParams, SubmissionParams

Variant = SubmissionParams | CombinationParams


class VariantSections(Sections):
    """The variants."""

    baselines: dict[VariantName, BaselineParams] = {}
    promoted: dict[VariantName, PromotedParams] = {}
    submissions: dict[VariantName, SubmissionParams] = {}
    combinations: dict[VariantName, CombinationParams] = {}

    @property
    def searching(self) -> dict[str, SubmissionParams]:
        """Variants that search: baselines, those of the tuned encoder, those of trained rerankers."""
        return {**self.baselines, **self.promoted, **self.submissions}

    @property
    def variants(self) -> dict[str, Variant]:
        """Variants that search, then what is combined of them."""
        return {**self.searching, **self.combinations}


class HeadlineSections(VariantSections):
    """The variants, the baseline and the headline among them."""

    score: ScoreParams = ScoreParams()
    report: ReportParams = ReportParams()

    @property
    def headline(self) -> str:
        """The variant that the report and the guard speak of."""
        return headline_of(self.searching, self.score, self.report)


def headline_of(searching: Mapping[str, SubmissionParams], score: ScoreParams, report: ReportParams) -> str:
    """As set, else the last variant that searches, else the baseline."""
    return report.headline or next(reversed(list(searching)), score.baseline)
