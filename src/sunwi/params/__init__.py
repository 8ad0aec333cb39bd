"""Typed parameters: params.yaml checked before any work; a wrong key, type or range names itself."""

from sunwi.params.compute import ComputeParams
from sunwi.params.corpus import CorpusParams, DataParams, QaParams, StyleShares
from sunwi.params.embedder import TrainEmbedderParams
from sunwi.params.llm import LlmParams
from sunwi.params.loading import load_params, validate
from sunwi.params.mining import MiningParams, PairsParams
from sunwi.params.reranker import (
    AugmentFailuresParams,
    CollectFailuresParams,
    TrainRerankerParams,
    TrainRerankerTargetedParams,
)
from sunwi.params.retrieval import (
    Bm25Params,
    DenseParams,
    EncoderParams,
    FusionParams,
    QueryParams,
    SearchParams,
    TokenizerName,
)
from sunwi.params.scoring import GuardMeasure, GuardParams, ReportParams, ScoreParams
from sunwi.params.section import Section
from sunwi.params.sparse import SparseParams
from sunwi.params.variants import (
    Answering,
    CombinationParams,
    Finishing,
    LlmRerank,
    QueryArm,
    Rerank,
    RetrieverName,
    Scorer,
    SubmissionParams,
    Swap,
    Tiebreak,
    UnionPool,
    VariantName,
)
from sunwi.params.whole import Params

__all__ = [
    "Answering",
    "AugmentFailuresParams",
    "Bm25Params",
    "CollectFailuresParams",
    "CombinationParams",
    "ComputeParams",
    "CorpusParams",
    "DataParams",
    "DenseParams",
    "EncoderParams",
    "Finishing",
    "FusionParams",
    "GuardMeasure",
    "GuardParams",
    "LlmParams",
    "LlmRerank",
    "MiningParams",
    "PairsParams",
    "Params",
    "QaParams",
    "QueryArm",
    "QueryParams",
    "ReportParams",
    "Rerank",
    "RetrieverName",
    "ScoreParams",
    "Scorer",
    "SearchParams",
    "Section",
    "SparseParams",
    "StyleShares",
    "SubmissionParams",
    "Swap",
    "Tiebreak",
    "TokenizerName",
    "TrainEmbedderParams",
    "TrainRerankerParams",
    "TrainRerankerTargetedParams",
    "UnionPool",
    "VariantName",
    "load_params",
    "validate",
]
