"""Every variant by name, and the one that the report speaks of."""

from __future__ import annotations

from collections.abc import Mapping

from sunwi.params.combinations import CombinationParams
from sunwi.params.finishing import VariantName
from sunwi.params.reading import Sections
from sunwi.params.report import ReportParams
from sunwi.params.score import ScoreParams
from sunwi.params.submissions import SubmissionParams

Variant = SubmissionParams | CombinationParams


class VariantSections(Sections):
    """The variants."""

    submissions: dict[VariantName, SubmissionParams] = {}
    combinations: dict[VariantName, CombinationParams] = {}

    @property
    def variants(self) -> dict[str, Variant]:
        """Submissions, then what is combined of them."""
        return {**self.submissions, **self.combinations}


class HeadlineSections(VariantSections):
    """The variants, the baseline and the headline among them."""

    score: ScoreParams = ScoreParams()
    report: ReportParams = ReportParams()

    @property
    def headline(self) -> str:
        """The variant that the report and the guard speak of."""
        return headline_of(self.submissions, self.score, self.report)


def headline_of(submissions: Mapping[str, SubmissionParams], score: ScoreParams, report: ReportParams) -> str:
    """As set, else the last submission, else the baseline."""
    return report.headline or next(reversed(list(submissions)), score.baseline)
