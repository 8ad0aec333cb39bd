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


class Arbiter(Section):
    """Where `from` and `to` disagree on the first place, somebody decides between these two documents."""

    model_config = ConfigDict(populate_by_name=True)

    from_: VariantName = Field(alias="from")
    """Variant whose ranking is changed."""
    to: VariantName
    """Variant that proposes another first place."""
    llm: bool = False
    """Ask the judge of section judge in both orders; the scorer decides where it may not or cannot tell."""
    scorer: Literal["late_interaction", "late_interaction_tuned", "cross_encoder"] = "late_interaction"
    """Reranker whose score decides without a judge."""
    encoder: Literal["base", "promoted"] = "promoted"
    """Encoder of the late interaction."""


class CombinationParams(Finishing):
    """A variant made of other variants' rankings."""

    swap: Swap | None = None
    """Let another variant decide where the first two places are nearly even."""
    union: UnionPool | None = None
    """Pool the best documents of several variants and rank them again."""
    arbiter: Arbiter | None = None
    """Let a judge or a reranker decide where two variants disagree on the first place."""

    @model_validator(mode="after")
    def _one_kind(self) -> CombinationParams:
        given = [name for name in ("swap", "union", "arbiter") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of swap, union and arbiter, found {', '.join(given) or 'none'}")
        return self

    @property
    def reads(self) -> list[str]:
        """The variants that it is made of."""
        pair = self.swap or self.arbiter
        return [pair.from_, pair.to] if pair else list(self.union.of if self.union else [])

    @property
    def asks_llm(self) -> bool:
        """Whether the variant cannot be built without an LLM."""
        return super().asks_llm or (self.arbiter is not None and self.arbiter.llm)

    @property
    def kind(self) -> str:
        """How it is made: swap, union or arbiter."""
        return "swap" if self.swap else "union" if self.union else "arbiter"
