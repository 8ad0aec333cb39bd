"""The whole of params.yaml, and what its sections ask of one another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import model_validator

from sunwi.params.augment_failures import AugmentFailuresParams
from sunwi.params.bm25 import Bm25Params
from sunwi.params.collect_failures import CollectFailuresParams
from sunwi.params.combinations import CombinationParams
from sunwi.params.compute import ComputeParams
from sunwi.params.corpus import CorpusParams
from sunwi.params.data import DataParams
from sunwi.params.dense import DenseParams
from sunwi.params.documents import DocumentsParams
from sunwi.params.encoder import EncoderParams
from sunwi.params.finishing import VariantName
from sunwi.params.fusion import FusionParams
from sunwi.params.guard import GuardParams
from sunwi.params.judge import JudgeParams
from sunwi.params.learning_to_rank import LearningToRankParams
from sunwi.params.llm import LlmParams
from sunwi.params.mining import MiningParams
from sunwi.params.pairs import PairsParams
from sunwi.params.qa import QaParams
from sunwi.params.query import QueryParams
from sunwi.params.report import ReportParams
from sunwi.params.score import ScoreParams
from sunwi.params.search import SearchParams
from sunwi.params.section import RowsPerShard, Section, Seed
from sunwi.params.sentences import SentencesParams
from sunwi.params.sparse import SparseParams
from sunwi.params.submissions import BaselineParams, PromotedParams, SubmissionParams
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.params.train_reranker_targeted import TrainRerankerTargetedParams
from sunwi.params.variants import headline_of


class Params(Section):
    """The whole of params.yaml."""

    seed: Seed = 42
    """Of every random choice: the same seed and inputs give the same bytes."""
    rows_per_shard: RowsPerShard = 0
    """0: a table is one file; above 0: a folder of shards of so many rows on average."""
    compute: ComputeParams = ComputeParams()
    data: DataParams = DataParams()
    documents: DocumentsParams = DocumentsParams()
    corpus: CorpusParams = CorpusParams()
    qa: QaParams = QaParams()
    llm: LlmParams = LlmParams()
    judge: JudgeParams = JudgeParams()
    encoder: EncoderParams = EncoderParams()
    bm25: Bm25Params = Bm25Params()
    dense: DenseParams = DenseParams()
    mining: MiningParams = MiningParams()
    fusion: FusionParams = FusionParams()
    learning_to_rank: LearningToRankParams = LearningToRankParams()
    sentences: SentencesParams = SentencesParams()
    train_embedder: TrainEmbedderParams = TrainEmbedderParams()
    pairs: PairsParams = PairsParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()
    collect_failures: CollectFailuresParams = CollectFailuresParams()
    augment_failures: AugmentFailuresParams = AugmentFailuresParams()
    train_reranker_targeted: TrainRerankerTargetedParams = TrainRerankerTargetedParams()
    query: QueryParams = QueryParams()
    sparse: SparseParams = SparseParams()
    search: SearchParams = SearchParams()
    baselines: dict[VariantName, BaselineParams] = {}
    """Variants that need no training by name, one `submit_baseline@NAME` stage each."""
    promoted: dict[VariantName, PromotedParams] = {}
    """Variants of the tuned encoder by name, one `submit_promoted@NAME` stage each."""
    submissions: dict[VariantName, SubmissionParams] = {}
    """Variants of trained rerankers, or any others, by name, one `submit@NAME` stage each."""
    combinations: dict[VariantName, CombinationParams] = {}
    """Variants made of other variants by name, one `combine@NAME` stage each."""
    exports: list[Literal["embedder", "reranker"]] = []
    """Tuned models that are written as ONNX and for sentence-transformers, one `export@NAME` stage each."""
    score: ScoreParams = ScoreParams()
    guard: GuardParams = GuardParams()
    report: ReportParams = ReportParams()

    @property
    def headline(self) -> str:
        """The variant that the report and the guard speak of."""
        return headline_of(self.searching, self.score, self.report)

    @model_validator(mode="after")
    def _sections_fit(self) -> Params:
        if self.train_reranker.depth > self.pairs.depth:
            raise ValueError("train_reranker.depth is above pairs.depth: the blend is fitted on those lists")
        if alone := [
            name for name, variant in sorted(self.searching.items()) if _untrained(variant.rerank, self)
        ]:
            what = f"submissions {alone} re-rank by a reranker that is not trained"
            settings = f"train_reranker.enabled and .method ({self.train_reranker.method})"
            raise ValueError(f"{what}: see {settings}, or set rerank: late_interaction")
        if len(set(self.exports)) < len(self.exports):
            raise ValueError("exports names a model twice: name each once")
        method = self.train_reranker.method if self.train_reranker.enabled else "switched off"
        if "reranker" in self.exports and method != "cross_encoder":
            what = f"exports names reranker, and train_reranker is {method}: only a cross_encoder is exported"
            raise ValueError(
                f"{what}; take it out of exports (late interaction: sunwi export late-interaction)"
            )
        if self.searching and self.score.baseline not in self.searching:
            known = sorted(self.searching)
            what = f"score.baseline is {self.score.baseline!r}"
            raise ValueError(f"{what}, which is none of the variants that search, {known}")
        if self.searching and self.headline not in self.variants:
            what = f"report.headline is {self.headline!r}"
            raise ValueError(f"{what}, which is none of the variants {sorted(self.variants)}")
        return self

    @property
    def searching(self) -> dict[str, SubmissionParams]:
        """Variants that search: baselines, those of the tuned encoder, those of trained rerankers."""
        return {**self.baselines, **self.promoted, **self.submissions}

    @property
    def variants(self) -> dict[str, SubmissionParams | CombinationParams]:
        """Every variant by name: those that search, then what is combined of them."""
        return {**self.searching, **self.combinations}

    @model_validator(mode="after")
    def _variants_fit(self) -> Params:
        if faults := [
            *_combination_faults(self),
            *_reranker_faults(self),
            *_llm_faults(self),
            *_sparse_faults(self),
            *_learned_faults(self),
            *_sentence_faults(self),
            *_mining_faults(self),
        ]:
            raise ValueError("; ".join(faults))
        return self


def _untrained(rerank: str, params: Params) -> bool:
    """Whether a kind of re-ranking needs a reranker that no stage trains."""
    settings = params.train_reranker
    needed = {"cross_encoder": "cross_encoder", "late_interaction_tuned": "late_interaction"}.get(rerank)
    return needed is not None and not (settings.enabled and settings.method == needed)


def _reranker_faults(params: Params) -> list[str]:
    """Variants that name the first stage's reranker and re-rank by the encoder, which reads no reranker."""
    without = [
        name
        for name, variant in sorted(params.searching.items())
        if variant.reranker != "final" and variant.rerank == "late_interaction"
    ]
    what = f"submissions {without}: reranker is stage1, which rerank: late_interaction does not read"
    return [f"{what}; delete it, or set rerank: cross_encoder"] if without else []


def _sentence_faults(params: Params) -> list[str]:
    """Variants that search by sentences, which are not encoded."""
    searching = sorted(
        name for name, variant in params.searching.items() if "sentences" in variant.retrievers
    )
    if params.sentences.enabled or not searching:
        return []
    return [f"variants {searching} search by sentences: set sentences.enabled: true, or drop that retriever"]


def _names_given_twice(params: Params) -> list[str]:
    """Names of variants that two sections give: their files would have the same name."""
    sections = ("baselines", "promoted", "submissions", "combinations")
    return [
        f"{later}.{name}: {earlier} has a variant of this name too"
        for position, later in enumerate(sections)
        for earlier in sections[:position]
        for name in sorted(getattr(params, earlier).keys() & getattr(params, later).keys())
    ]


def _combination_faults(params: Params) -> list[str]:
    """Combinations that read a missing variant, one that cannot be read, or, in a circle, themselves."""
    faults = _names_given_twice(params)
    for name, combination in sorted(params.combinations.items()):
        unknown = sorted(set(combination.reads) - params.variants.keys())
        if unknown:
            faults.append(f"combinations.{name} reads {unknown}, known are {sorted(params.variants)}")
        elif circle := _circle(name, params.combinations):
            faults.append(f"combinations.{name} reads itself: {' -> '.join(circle)}")
        elif combination.swap and params.variants[combination.swap.from_].llm_rerank:
            faults.append(
                f"combinations.{name}.swap.from: {combination.swap.from_!r} has an LLM's order, not scores"
            )
        if (
            combination.union
            and combination.union.vote_weights == "dev"
            and (made := sorted(set(combination.reads) & params.combinations.keys()))
        ):
            what = f"combinations.{name}.union.vote_weights is dev, but {made} have no dev rankings to fit on"
            faults.append(f"{what}; name variants that search, or set vote_weights: equal")
        if combination.union and _untrained(combination.union.rerank, params):
            faults.append(
                f"combinations.{name}.union re-ranks by {combination.union.rerank}, which is not trained"
            )
        if combination.arbiter and _untrained(combination.arbiter.scorer, params):
            faults.append(
                f"combinations.{name}.arbiter.scorer is {combination.arbiter.scorer}, which is not trained"
            )
        if combination.arbiter and combination.arbiter.llm and params.judge.provider == "none":
            faults.append(
                f"combinations.{name}.arbiter.llm is true, but judge.provider is none: set it to llm"
            )
    return faults


def _circle(name: str, combinations: Mapping[str, CombinationParams]) -> list[str]:
    """A way from a combination back to itself, empty if there is none."""
    ways = [[name]]
    seen = {name}
    while ways:
        way = ways.pop()
        for read in combinations[way[-1]].reads:
            if read == name:
                return [*way, name]
            if read in combinations and read not in seen:
                seen.add(read)
                ways.append([*way, read])
    return []


def _llm_faults(params: Params) -> list[str]:
    """What uses an LLM while none is configured."""
    if params.llm.provider != "none":
        return []
    asking = [f"variant {name}" for name, variant in sorted(params.variants.items()) if variant.asks_llm]
    if params.query.method == "llm":
        asking.append("query.method")
    if params.augment_failures.provider == "llm":
        asking.append("augment_failures.provider")
    if params.judge.provider == "llm":
        asking.append("judge.provider")
    what = f"{', '.join(asking)} uses an LLM, but llm.provider is none"
    return [f"{what}: set it (`sunwi recipe solar`), or remove what uses it"] if asking else []


def _sparse_faults(params: Params) -> list[str]:
    """Submissions that search by the sparse encoder while none is trained."""
    if params.sparse.enabled:
        return []
    asking = [name for name, variant in sorted(params.searching.items()) if "sparse" in variant.retrievers]
    what = f"submissions {asking} search by the sparse encoder, but sparse.enabled is false"
    return [f"{what} (`sunwi recipe neural-sparse`)"] if asking else []


def _learned_faults(params: Params) -> list[str]:
    """Variants that re-rank by the learned ranker, where it cannot know how many passages hold a term."""
    asking = [name for name, variant in sorted(params.searching.items()) if variant.rerank == "learned"]
    if not asking:
        return []
    what = f"variants {asking} have rerank: learned, which"
    faults = []
    if params.search.engine != "local":
        faults.append(f"{what} reads a local index: set search.engine: local, or rerank: none")
    if params.bm25.tokenizer.startswith("subword:"):
        faults.append(f"{what} matches no subwords: set bm25.tokenizer: kiwi+bigram, or rerank: none")
    return faults


def _mining_faults(params: Params) -> list[str]:
    """A teacher that the second round of training cannot ask."""
    if not params.mining.question_weight or params.train_embedder.rounds == 1:
        return []
    what = "mining.question_weight is above 0, but train_embedder.rounds mines again without a question index"
    return [f"{what}: set one of them back (question_weight: 0, or rounds: 1)"]
