"""`calibrated`: the weighted sum with the weights that `fit_fusion` found for the variant's retrievers."""

from __future__ import annotations

from sunwi.params.submissions import SubmissionParams
from sunwi.search.fusion.method import Fitted, Fusion, FusionMethod
from sunwi.search.fusion.weighted import weighted_sum


def of_variant(name: str, variant: SubmissionParams, fitted: Fitted) -> Fusion:  # noqa: ARG001  the signature
    """A weighted sum from here on: the weights alone tell it from a given one."""
    return Fusion("weighted", fitted["+".join(sorted(variant.retrievers))])


FUSION = FusionMethod(lambda scores, settings: weighted_sum(scores, settings.weights), of_variant)
