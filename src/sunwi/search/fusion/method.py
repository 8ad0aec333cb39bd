"""What a fusion is: how it turns components into one score, and what it takes from a variant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sunwi.params.submissions import SubmissionParams
from sunwi.registry import Registry
from sunwi.search.retrievers.base import Scores

Fitted = Mapping[str, Mapping[str, float]]  # a set of retrievers ("bm25+dense") to its fitted weights


@dataclass(frozen=True, slots=True)
class Fusion:
    """How components become one score: a method by its name, with its settings."""

    method: str
    weights: Mapping[str, float]
    rrf_k: float = 60.0
    depth: int = 100

    def __call__(self, scores: Mapping[str, Scores]) -> Scores:
        """Fused scores, shape [queries, passages]."""
        return FUSIONS.load(self.method).fuse(scores, self)

    @property
    def reads_ranks(self) -> bool:
        """Whether the components' ranks alone decide."""
        return FUSIONS.load(self.method).reads_ranks


def as_given(name: str, variant: SubmissionParams, fitted: Fitted) -> Fusion:  # noqa: ARG001  the signature
    """The method with the settings that the variant gives."""
    return Fusion(name, variant.weights, variant.rrf_k, variant.depth)


@dataclass(frozen=True, slots=True)
class FusionMethod:
    """One member of `FUSIONS`.

    Attributes
    ----------
    fuse
        Component scores, each [queries, passages], and the settings to fused scores of that shape.
    of_variant
        The method's name, the variant and the fitted weights to the fusion. It raises what is wrong with the
        variant's settings for this method alone.
    reads_ranks
        Whether the components' ranks alone decide: such a fusion needs no other one on a search server.
    """

    fuse: Callable[[Mapping[str, Scores], Fusion], Scores]
    of_variant: Callable[[str, SubmissionParams, Fitted], Fusion] = as_given
    reads_ranks: bool = False


FUSIONS: Registry[FusionMethod] = Registry("sunwi.search.fusion.methods", "FUSION", FusionMethod)
