"""Section submissions: one variant each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from sunwi.params.finishing import Finishing, Rerank
from sunwi.params.names import NameIn
from sunwi.params.section import NonNegativeFloat, PositiveFloat, Share

RetrieverName = Literal["bm25", "dense", "lexical", "questions", "sparse"]


QueryArm = Literal["standalone", "variants", "hyde"]


FusionName = Annotated[str, NameIn("sunwi.search.fusion.methods")]
WITHOUT_WEIGHTS = frozenset({"alpha", "comb_sum", "comb_mnz", "calibrated"})


Scorer = Literal["retriever", "late_interaction", "late_interaction_tuned", "cross_encoder"]


class SubmissionParams(Finishing):
    """One submission variant."""

    encoder: Literal["base", "promoted"] = "promoted"
    retrievers: Annotated[list[RetrieverName], Field(min_length=1)] = ["bm25", "dense"]
    queries: Annotated[list[QueryArm], Field(min_length=1)] = ["standalone"]  # several: cascaded RRF
    query_weights: dict[QueryArm, NonNegativeFloat] = {}  # of the arms in the cascade; 1 where none is named
    fusion: FusionName = "calibrated"
    weights: dict[str, NonNegativeFloat] = {}
    alpha: Share = 0.5  # of fusion alpha: the dense scores' share, BM25 has the rest
    rrf_k: PositiveFloat = 60
    depth: PositiveInt = 100  # candidates
    rerank: Rerank = "none"
    reranker: Literal["final", "stage1"] = "final"  # stage1: before the failures, whatever the gate said
    rerank_depth: PositiveInt | None = None  # None: train_reranker.depth, on whose lists the blend is fitted
    rerank_weights: dict[Scorer, NonNegativeFloat] | None = None  # None: fitted; "retriever": the fused score

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
        if unknown := sorted(set(self.query_weights) - set(self.queries)):
            raise ValueError(f"query_weights for {unknown} but queries are {self.queries}")
        if self.rerank == "none" and (self.rerank_depth or self.rerank_weights or self.reranker != "final"):
            raise ValueError("reranker, rerank_depth or rerank_weights are given, but rerank is none")
        for name, given in (("retrievers", self.retrievers), ("queries", self.queries)):
            if len(set(given)) < len(given):
                raise ValueError(f"{name} names one twice: {given}")
        return self
