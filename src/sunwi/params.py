"""Typed parameters: params.yaml checked before any work; a wrong key, type or range names itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from sunwi.errors import ParamsError
from sunwi.records import describe_fault

S = TypeVar("S", bound=BaseModel)


def _number(value: Any) -> Any:
    """YAML 1.1 reads 3e-05 (what `dvc exp run -S lr=3e-5` writes) as a string."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


Real = Annotated[float, BeforeValidator(_number)]
Share = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0)]
NotNegative = Annotated[float, BeforeValidator(_number), Field(ge=0)]
Grid = Annotated[list[NotNegative], Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """Base of all sections: unknown keys are faults, numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataParams(Section):
    """Where the pipeline reads its input: a folder as `sunwi import` writes it."""

    source: str = "data/demo"


class CorpusParams(Section):
    """Cleaning and chunking."""

    max_chars: Count = 1200  # longer passages are cut at sentence ends; the parent's docid is kept
    near_duplicate: Share = 0.85  # MinHash-estimated Jaccard of character 5-grams


class QaParams(Section):
    """Synthetic questions."""

    provider: Literal["template", "given"] = "template"
    questions_per_document: Count = 3
    groups: list[Literal["safe", "medium", "keyword"]] = ["safe", "medium", "keyword"]
    dev_share: Share = 0.2
    round_trip_depth: Count = 10
    exclude_judged_documents: bool = True  # documents with qrels never give train or dev questions
    near_copy: Share = 0.7  # bigram Jaccard with an evaluation query or a sibling question


class EncoderParams(Section):
    """The bi-encoder and its limits, in tokens."""

    model: str = "builtin/multilingual-e5-small"
    max_length: Annotated[int, Field(ge=8, le=8192)] = 256
    query_max_length: Annotated[int, Field(ge=8, le=8192)] = 64
    batch_size: Count = 32


class Bm25Params(Section):
    """Lexical search (Robertson & Zaragoza 2009; Lucene's form of the idf)."""

    tokenizer: Literal["kiwi", "whitespace", "bigram"] = "kiwi"
    k1: NotNegative = 1.2
    b: Share = 0.75


class MiningParams(Section):
    """Hard negatives: pool, false-negative rules, choice."""

    bm25_depth: Count = 50
    dense_depth: Count = 50
    negatives: Count = 7
    max_positive_share: Share = 0.95  # positive-aware rule of NV-Retriever (Moreira et al. 2024)
    first_rank: Count = 1  # the window of the fused ranking that negatives may come from
    last_rank: Count = 60
    bm25_weight: NotNegative = 0.5  # of the fused z-scores that order the pool

    @model_validator(mode="after")
    def _window_is_open(self) -> MiningParams:
        if self.first_rank > self.last_rank:
            window = f"first_rank {self.first_rank} to last_rank {self.last_rank}"
            raise ValueError(f"the window from {window} is empty: no negative could be mined")
        return self


class FusionParams(Section):
    """Score fusion fitted on the low-overlap part of the dev questions."""

    low_overlap: Share = 0.65
    min_questions: Count = 30
    bm25_weights: Grid = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0]
    question_weights: Grid = [0.0, 0.25, 0.5, 0.75, 1.0]


class TrainEmbedderParams(Section):
    """Embedder fine-tuning by FlagEmbedding."""

    enabled: bool = True
    method: Literal["dense", "m3"] = "dense"
    max_steps: Whole = 24  # 0: by epochs
    epochs: Positive = 1.0
    batch_size: Count = 8
    group_size: Annotated[int, Field(ge=2)] = 4
    learning_rate: Positive = 2e-5
    warmup_steps: Whole = 3
    temperature: Positive = 0.02
    query_max_length: Count = 48
    passage_max_length: Count = 192
    distill: bool = True  # the fused teacher scores are in the mined rows
    teacher_scale: Positive = 0.3
    freeze_word_embeddings: bool = True
    base_weights: list[Share] = [0.0, 0.5, 1.0]  # shares of the base tried when both are interpolated
    tolerance: NotNegative = 0.005  # what tuned may lose on dev (MRR) and still be promoted
    max_overlap: Share = 1.0  # train on questions with at most this overlap
    bf16: bool = False
    fp16: bool = False
    gradient_checkpointing: bool = False


class TrainRerankerParams(Section):
    """Cross-encoder with LoRA on mined candidate lists; late interaction beside it."""

    enabled: bool = True
    model: str = "encoder"  # "encoder" = the promoted embedder with a fresh head
    max_steps: Count = 80
    batch_size: Count = 3  # questions a step, each with its positive and its negatives
    negatives: Count = 4
    learning_rate: Positive = 2e-3
    max_length: Count = 224
    lora_r: Count = 16
    lora_alpha: Count = 32
    lora_dropout: Share = 0.05
    target_modules: list[str] = ["query", "value"]
    modules_to_save: list[str] = ["classifier", "pooler"]
    depth: Count = 15
    weights: list[NotNegative] = [0.0, 0.25, 0.5, 1.0, 2.0]


class PairsParams(Section):
    """Candidate lists for the reranker, and how many of them at most: each costs `depth` pairs to score."""

    depth: Count = 20
    max_train: Count = 3000
    max_dev: Count = 400  # natural dev questions first


class QueryParams(Section):
    """Query understanding without an LLM."""

    chitchat_threshold: Share | None = None  # None: calibrated on the dev dialogues
    empty_ids: list[int | str] = []
    context_terms: Whole = 8


RetrieverName = Literal["bm25", "dense", "questions"]


class SubmissionParams(Section):
    """One submission variant."""

    encoder: Literal["base", "promoted"] = "promoted"
    retrievers: Annotated[list[RetrieverName], Field(min_length=1)] = ["bm25", "dense"]
    fusion: Literal["weighted", "rrf", "calibrated"] = "calibrated"
    weights: dict[str, NotNegative] = {}
    rrf_k: Positive = 60
    depth: Count = 100
    rerank: Literal["none", "late_interaction", "cross_encoder", "both"] = "none"
    k: Count = 3
    empty_filter: bool = True  # chit-chat gets an empty topk

    @model_validator(mode="after")
    def _weights_name_retrievers(self) -> SubmissionParams:
        unknown = sorted(set(self.weights) - set(self.retrievers))
        if unknown:
            raise ValueError(f"weights for {unknown} but retrievers are {self.retrievers}")
        return self


class ScoreParams(Section):
    """Measures and tests."""

    baseline: str = "dense_base"
    cutoff: Count = 3  # of the competition's MAP
    bootstrap: Count = 10000
    permutations: Count = 100000
    confidence: Annotated[float, BeforeValidator(_number), Field(gt=0, lt=1)] = 0.95


class Params(Section):
    """The whole of params.yaml."""

    seed: Whole = 42
    data: DataParams = DataParams()
    corpus: CorpusParams = CorpusParams()
    qa: QaParams = QaParams()
    encoder: EncoderParams = EncoderParams()
    bm25: Bm25Params = Bm25Params()
    mining: MiningParams = MiningParams()
    fusion: FusionParams = FusionParams()
    train_embedder: TrainEmbedderParams = TrainEmbedderParams()
    pairs: PairsParams = PairsParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()
    query: QueryParams = QueryParams()
    submissions: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], SubmissionParams] = {}
    score: ScoreParams = ScoreParams()

    @model_validator(mode="after")
    def _sections_fit(self) -> Params:
        if self.train_reranker.depth > self.pairs.depth:
            raise ValueError("train_reranker.depth is above pairs.depth: the blend is fitted on those lists")
        alone = [name for name, one in sorted(self.submissions.items()) if one.rerank == "cross_encoder"]
        if alone and not self.train_reranker.enabled:
            what = f"submissions {alone} re-rank by the cross-encoder, which is not trained"
            raise ValueError(f"{what} (train_reranker.enabled: false); set rerank: late_interaction")
        if self.submissions and self.score.baseline not in self.submissions:
            known = sorted(self.submissions)
            found = f"score.baseline is {self.score.baseline!r}"
            raise ValueError(f"{found}, which is none of the submissions {known}")
        return self


def load_params(path: Path | str = "params.yaml") -> Params:
    """Read and check params.yaml.

    Raises
    ------
    ParamsError
        Naming every key that is unknown, of a wrong type or out of range.
    """
    path = Path(path)
    if not path.exists():
        raise ParamsError(path, ["the file does not exist; run this in the project's folder"])
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ParamsError(path, [f"it is no YAML: {error}"]) from None
    return validate(Params, content or {}, path)


def validate(model: type[S], content: Any, path: Path | str) -> S:
    """Check a mapping against a section, with faults as sentences."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = [_sentence(fault) for fault in error.errors()]
        raise ParamsError(path, faults) from None


def _sentence(fault: Any) -> str:
    if fault["type"] == "value_error":
        key = ".".join(str(part) for part in fault["loc"])
        return f"{key + ': ' if key else ''}{fault['msg'].removeprefix('Value error, ')}"
    return describe_fault(fault).replace("field ", "key ", 1)
