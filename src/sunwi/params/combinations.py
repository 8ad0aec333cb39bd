"""Section combinations: variants made of other variants."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from sunwi.params.finishing import Finishing, Rerank, VariantName
from sunwi.params.section import Section, Share


class Swap(Section):
    """Conservative swap: where the first two places of `from` are nearly even, `to` may decide."""

    model_config = ConfigDict(populate_by_name=True)

    from_: VariantName = Field(alias="from")
    """Variant whose ranking is changed."""
    to: VariantName
    """Variant that may decide the first place."""
    margin: Share = 0.05
    """Gap to the first place, as a share of the scores' spread over the first ten."""
    limit: PositiveInt = 1
    """Queries that change at most, the closest first."""


class UnionPool(Section):
    """The best documents of several variants in one pool, ranked by RRF and a reranker."""

    of: Annotated[list[VariantName], Field(min_length=2)]
    """Variants whose documents are pooled."""
    depth: PositiveInt = 10
    """Documents of each variant."""
    rrf_k: PositiveFloat = 60
    """Constant of reciprocal rank fusion."""
    votes: list[PositiveFloat] | None = None
    """Points of a variant's first places instead, such as [5, 3, 1]; null: reciprocal rank fusion."""
    vote_weights: Literal["equal", "dev"] = "equal"
    """Weights of the variants' votes: equal, or those that people's dev questions prefer."""
    rerank: Rerank = "late_interaction"
    """Reranker of the pool."""
    encoder: Literal["base", "promoted"] = "promoted"
    """Encoder of the late interaction."""

    @model_validator(mode="after")
    def _members_differ(self) -> UnionPool:
        if len(set(self.of)) < len(self.of):
            raise ValueError(f"union names a variant twice: {self.of}")
        if self.votes is None and self.vote_weights != "equal":
            raise ValueError("vote_weights is dev, but union gives no votes: set votes, such as [5, 3, 1]")
        return self


class CombinationParams(Finishing):
    """A variant made of other variants' rankings."""

    swap: Swap | None = None
    """Let another variant decide where the first two places are nearly even."""
    union: UnionPool | None = None
    """Pool the best documents of several variants and rank them again."""

    @model_validator(mode="after")
    def _one_kind(self) -> CombinationParams:
        if (self.swap is None) == (self.union is None):
            raise ValueError("expected either swap or union, found " + ("both" if self.swap else "none"))
        return self

    @property
    def reads(self) -> list[str]:
        """The variants that it is made of."""
        return [self.swap.from_, self.swap.to] if self.swap else list(self.union.of if self.union else [])
