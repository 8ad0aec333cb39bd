"""Sections submissions and combinations: one variant each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from sunwi.params.section import Count, NotNegative, Positive, Section, Share

RetrieverName = Literal["bm25", "dense", "lexical", "questions", "sparse"]
QueryArm = Literal["standalone", "variants", "hyde"]
Rerank = Literal["none", "late_interaction", "late_interaction_tuned", "cross_encoder", "both"]
Scorer = Literal["retriever", "late_interaction", "late_interaction_tuned", "cross_encoder"]
VariantName = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]


class LlmRerank(Section):
    """Listwise re-ranking of the best documents by the model of section llm (RankGPT; Sun et al. 2023)."""

    top: Annotated[int, Field(ge=2, le=50)] = 10
    passage_chars: Count = 600


class Tiebreak(Section):
    """The model of section llm compares the first two where the ranking is undecided, in both orders."""

    margin: Share = 0.05  # gap of the first two, as a share of the scores' spread over the first ten
    passage_chars: Count = 1000


class Answering(Section):
    """An answer from the best passages with references, by the model of section llm."""

    passages: Count = 3
    passage_chars: Count = 1000


class Finishing(Section):
    """What every variant may do with its ranking: LLM steps, the chit-chat filter, the cut."""

    llm_rerank: LlmRerank | None = None
    tiebreak: Tiebreak | None = None
    answer: Answering | None = None
    k: Count = 3
    empty_filter: bool = True  # chit-chat gets an empty topk

    @property
    def asks_llm(self) -> bool:
        """Whether the variant cannot be built without an LLM."""
        return any(step is not None for step in (self.llm_rerank, self.tiebreak, self.answer))


class SubmissionParams(Finishing):
    """One submission variant."""

    encoder: Literal["base", "promoted"] = "promoted"
    retrievers: Annotated[list[RetrieverName], Field(min_length=1)] = ["bm25", "dense"]
    queries: Annotated[list[QueryArm], Field(min_length=1)] = ["standalone"]  # several: cascaded RRF
    query_weights: dict[QueryArm, NotNegative] = {}  # of the arms in the cascade; 1 where none is named
    fusion: Literal["weighted", "rrf", "alpha", "comb_sum", "comb_mnz", "calibrated"] = "calibrated"
    weights: dict[str, NotNegative] = {}
    alpha: Share = 0.5  # of fusion alpha: the dense scores' share, BM25 has the rest
    rrf_k: Positive = 60
    depth: Count = 100  # candidates
    rerank: Rerank = "none"
    reranker: Literal["final", "stage1"] = "final"  # stage1: before the failures, whatever the gate said
    rerank_depth: Count | None = None  # None: train_reranker.depth, on whose lists the blend is fitted
    rerank_weights: dict[Scorer, NotNegative] | None = None  # None: fitted; "retriever": the fused score

    @model_validator(mode="after")
    def _settings_fit(self) -> SubmissionParams:
        unknown = sorted(set(self.weights) - set(self.retrievers))
        if unknown:
            raise ValueError(f"weights for {unknown} but retrievers are {self.retrievers}")
        if self.weights and self.fusion not in {"weighted", "rrf"}:
            raise ValueError(f"weights are given, which fusion {self.fusion!r} does not read")
        if self.fusion == "alpha" and set(self.retrievers) != {"bm25", "dense"}:
            raise ValueError(f"fusion 'alpha' mixes bm25 and dense, retrievers are {self.retrievers}")
        if self.fusion == "calibrated" and "sparse" in self.retrievers:
            raise ValueError("no weight is fitted for the retriever sparse; set fusion: rrf, or weighted")
        if unknown := sorted(set(self.query_weights) - set(self.queries)):
            raise ValueError(f"query_weights for {unknown} but queries are {self.queries}")
        if self.rerank == "none" and (self.rerank_depth or self.rerank_weights or self.reranker != "final"):
            raise ValueError("reranker, rerank_depth or rerank_weights are given, but rerank is none")
        for name, given in (("retrievers", self.retrievers), ("queries", self.queries)):
            if len(set(given)) < len(given):
                raise ValueError(f"{name} names one twice: {given}")
        return self


class Swap(Section):
    """Conservative swap: where the first two places of `from` are nearly even, `to` may decide."""

    model_config = ConfigDict(populate_by_name=True)

    from_: VariantName = Field(alias="from")
    to: VariantName
    margin: Share = 0.05  # gap to the first place, as a share of the scores' spread over the first ten
    limit: Count = 1  # queries at most, the closest first


class UnionPool(Section):
    """The best documents of several variants in one pool, ranked by RRF and a reranker."""

    of: Annotated[list[VariantName], Field(min_length=2)]
    depth: Count = 10  # documents of each variant
    rrf_k: Positive = 60
    rerank: Rerank = "late_interaction"
    encoder: Literal["base", "promoted"] = "promoted"  # of the late interaction

    @model_validator(mode="after")
    def _members_differ(self) -> UnionPool:
        if len(set(self.of)) < len(self.of):
            raise ValueError(f"union names a variant twice: {self.of}")
        return self


class CombinationParams(Finishing):
    """A variant made of other variants' rankings."""

    swap: Swap | None = None
    union: UnionPool | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> CombinationParams:
        if (self.swap is None) == (self.union is None):
            raise ValueError("expected either swap or union, found " + ("both" if self.swap else "none"))
        return self

    @property
    def reads(self) -> list[str]:
        """The variants that it is made of."""
        return [self.swap.from_, self.swap.to] if self.swap else list(self.union.of if self.union else [])
