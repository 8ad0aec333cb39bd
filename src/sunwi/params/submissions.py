"""Sections baselines, promoted and submissions: one variant each, by what its stage waits for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from sunwi.params.finishing import Finishing, Rerank
from sunwi.params.names import NameIn
from sunwi.params.section import Share

RetrieverName = Literal["bm25", "dense", "lexical", "questions", "sentences", "sparse"]


QueryArm = Literal["standalone", "variants", "hyde"]


FusionName = Annotated[str, NameIn("sunwi.search.fusion.methods")]
LEARNED_RETRIEVERS = ("bm25", "dense", "questions")  # those whose fused ranking the learned ranker re-orders
WITHOUT_WEIGHTS = frozenset({"alpha", "comb_sum", "comb_mnz", "calibrated"})


Scorer = Literal["retriever", "late_interaction", "late_interaction_tuned", "cross_encoder"]


class SubmissionParams(Finishing):
    """One submission variant."""

    encoder: Literal["base", "promoted"] = "promoted"
    """base: encoder.model; promoted: the tuned one, where it passed the gate."""
    retrievers: Annotated[list[RetrieverName], Field(min_length=1)] = ["bm25", "dense"]
    """What searches: bm25, dense, lexical (M3), questions (synthetic ones), sentences, sparse."""
    queries: Annotated[list[QueryArm], Field(min_length=1)] = ["standalone"]
    """What is searched for; several are fused by cascaded RRF."""
    query_weights: dict[QueryArm, NonNegativeFloat] = {}
    """Weights of these queries in the cascade; 1 where none is named."""
    fusion: FusionName = "calibrated"
    """How the retrievers' scores are joined."""
    weights: dict[str, NonNegativeFloat] = {}
    """Weights of the retrievers; 1 where none is named."""
    alpha: Share = 0.5
    """Of fusion alpha: the share of the dense scores; BM25 has the rest."""
    rrf_k: PositiveFloat = 60
    """Constant of reciprocal rank fusion."""
    depth: PositiveInt = 100
    """Candidates of each retriever."""
    rerank: Rerank | Literal["learned"] = "none"
    """Reranker of the best documents; learned: the linear ranker of section learning_to_rank."""
    reranker: Literal["final", "stage1"] = "final"
    """final, or stage1: the reranker before the training on its failures."""
    rerank_depth: PositiveInt | None = None
    """Documents that are re-ranked; null: train_reranker.depth."""
    rerank_weights: dict[Scorer, NonNegativeFloat] | None = None
    """Weights of the scores, `retriever` is the fused one; null: fitted on dev."""

    @model_validator(mode="after")
    def _settings_fit(self) -> SubmissionParams:
        unknown = sorted(set(self.weights) - set(self.retrievers))
        if unknown:
            raise ValueError(f"weights for {unknown} but retrievers are {self.retrievers}")
        if self.weights and self.fusion in WITHOUT_WEIGHTS:
            raise ValueError(f"weights are given, which fusion {self.fusion!r} does not read")
        if self.fusion == "alpha" and set(self.retrievers) != {"bm25", "dense"}:
            raise ValueError(f"fusion 'alpha' mixes bm25 and dense, retrievers are {self.retrievers}")
        if self.fusion == "calibrated" and "sparse" in self.retrievers:
            raise ValueError("no weight is fitted for the retriever sparse; set fusion: rrf, or weighted")
        if self.rerank == "learned":
            self._learned_fits()
        if unknown := sorted(set(self.query_weights) - set(self.queries)):
            raise ValueError(f"query_weights for {unknown} but queries are {self.queries}")
        if self.rerank == "none" and (self.rerank_depth or self.rerank_weights or self.reranker != "final"):
            raise ValueError("reranker, rerank_depth or rerank_weights are given, but rerank is none")
        for name, given in (("retrievers", self.retrievers), ("queries", self.queries)):
            if len(set(given)) < len(given):
                raise ValueError(f"{name} names one twice: {given}")
        return self

    def _learned_fits(self) -> None:
        if set(self.retrievers) != set(LEARNED_RETRIEVERS) or self.fusion != "calibrated":
            what = "rerank: learned is fitted on the calibrated fusion of"
            raise ValueError(
                f"{what} {list(LEARNED_RETRIEVERS)}: name these retrievers and fusion: calibrated"
            )
        if self.queries != ["standalone"]:
            raise ValueError("rerank: learned reads one search a query: leave `queries` out")
        if self.rerank_depth or self.rerank_weights or self.reranker != "final":
            raise ValueError("reranker, rerank_depth and rerank_weights are not read by rerank: learned")


class PromotedParams(SubmissionParams):
    """A variant that waits for no trained reranker and for no sparse encoder."""

    @model_validator(mode="after")
    def _reads_nothing_later(self) -> PromotedParams:
        if self.rerank not in {"none", "late_interaction", "learned"}:
            what = f"rerank is {self.rerank}, which needs a trained reranker"
            raise ValueError(f"{what}: move the variant to `submissions`, or set rerank: late_interaction")
        if "sparse" in self.retrievers:
            raise ValueError("retrievers names sparse, which is trained: move the variant to `submissions`")
        return self


class BaselineParams(PromotedParams):
    """A variant that needs no training: it waits for the base encoder's vectors alone."""

    encoder: Literal["base", "promoted"] = "base"
    """base, and nothing else: no baseline waits for a training."""

    @model_validator(mode="after")
    def _reads_no_tuned_encoder(self) -> BaselineParams:
        if self.encoder != "base":
            raise ValueError("encoder is promoted, which is trained: move the variant to `promoted`")
        return self
