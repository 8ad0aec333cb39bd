"""Typed parameters: params.yaml checked before any work; a wrong key, type or range names itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

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


class StyleShares(Section):
    """How often a style is drawn for a question that an LLM writes; the shares need not sum to 1."""

    factual: NotNegative = 0.3
    why_how: NotNegative = 0.25
    colloquial: NotNegative = 0.25
    scenario: NotNegative = 0.1
    keyword: NotNegative = 0.1

    @model_validator(mode="after")
    def _some_style(self) -> StyleShares:
        if not any(self.model_dump().values()):
            raise ValueError("all shares are 0: no style is left to ask for")
        return self


class QaParams(Section):
    """Synthetic questions."""

    provider: Literal["template", "given", "llm"] = "template"
    questions_per_document: Count = 3
    groups: list[Literal["safe", "medium", "keyword"]] = ["safe", "medium", "keyword"]
    style_shares: StyleShares = StyleShares()
    context_chars: Count = 1000  # of the passage, cut at a sentence end
    dev_share: Share = 0.2
    round_trip: Literal["bm25", "hybrid"] = "hybrid"
    round_trip_reranker: Literal["none", "late_interaction"] = "none"  # with round_trip: hybrid
    round_trip_depth: Count = 10
    exclude_judged_documents: bool = True  # documents with qrels never give train or dev questions
    near_copy: Share = 0.7  # bigram Jaccard with an evaluation query or a sibling question
    evaluation_cosine: Share = 0.93  # with an evaluation query, by the base encoder; needs round_trip: hybrid
    dev_negatives: Count = 7  # hard-negative contexts of a dev question


class LlmParams(Section):
    """A language model behind an API: who answers, within which limits, at what price.

    Keys are no parameters: they come from the environment variable that `api_key_env` names.
    """

    provider: Literal["none", "openai", "gemini", "replay"] = "none"
    model: str = "solar-pro2"
    base_url: str | None = None  # None: the provider's own; https://api.upstage.ai/v1 for Solar
    api_key_env: str | None = None  # None: the provider's usual one; "": the server wants no key
    temperature: NotNegative | None = 0.7  # None: not sent (models that refuse it)
    max_tokens: Count = 1024  # of an answer
    timeout: Positive = 60.0  # seconds a call
    concurrency: Count = 8
    requests_per_minute: Positive | None = None
    max_tries: Count = 5  # calls a row at most when the network or the server fails
    breaker_failures: Count = 5  # rows in a row that used up their tries: the run stops
    budget: Positive | None = None  # of one run, in the currency of the prices
    budget_tokens: Count | None = None  # of one run, in and out together
    price_in: NotNegative = 0.0  # per million tokens
    price_out: NotNegative = 0.0
    json_schema: bool = False  # send the schema where a request has one and the API takes it

    @field_validator("api_key_env")
    @classmethod
    def _names_a_variable(cls, name: str | None) -> str | None:
        if name and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
            # the value is not shown: it may be the key itself
            raise ValueError(
                "expected the name of an environment variable such as UPSTAGE_API_KEY, never a key"
            )
        return name

    @field_validator("base_url")
    @classmethod
    def _is_a_plain_address(cls, url: str | None) -> str | None:
        if url and not re.fullmatch(r"https?://[^@?#\s]+", url):
            raise ValueError("expected http(s)://HOST[/PATH] without a user, a password or a query")
        return url or None

    @model_validator(mode="after")
    def _budget_has_prices(self) -> LlmParams:
        if self.budget is not None and not (self.price_in or self.price_out):
            raise ValueError(
                "llm.budget needs llm.price_in and llm.price_out: without prices no call costs anything"
            )
        return self


class EncoderParams(Section):
    """The bi-encoder and its limits, in tokens."""

    model: str = "builtin/multilingual-e5-small"
    max_length: Annotated[int, Field(ge=8, le=8192)] = 256
    query_max_length: Annotated[int, Field(ge=8, le=8192)] = 64
    batch_size: Count = 32
    precision: Literal["auto", "float32", "bfloat16"] = "auto"  # auto: float32 on a CPU, half on a GPU
    kernels: Literal["torch", "onednn"] = "torch"  # onednn: faster on a CPU; other low bits, so encoded anew


TokenizerName = Annotated[  # subword:MODEL
    str, Field(pattern=r"^(kiwi|kiwi\+bigram|whitespace|bigram|subword:.+)$")
]


class Bm25Params(Section):
    """Lexical search (Robertson & Zaragoza 2009; Lucene's form of the idf)."""

    tokenizer: TokenizerName = "kiwi+bigram"
    k1: NotNegative = 1.2
    b: Share = 0.75
    bigram_weight: Positive = 0.2  # of tokenizer kiwi+bigram: what a bigram counts beside a morpheme's 1
    expand: bool = False  # doc2query: index each passage with its synthetic questions


class DenseParams(Section):
    """The index over passage vectors: exact by default, approximate for millions of passages."""

    index: Literal["flat", "hnsw", "ivfpq"] = "flat"
    depth: Count = 200  # passages that an approximate index scores; the others share one score
    hnsw_m: Annotated[int, Field(ge=2)] = 32
    ef_construction: Count = 200
    ef_search: Count = 128
    nlist: Count = 1024  # IVF's lists; 4 to 16 times the root of the corpus
    nprobe: Count = 32
    pq_m: Count = 48  # bytes a vector; it divides the dimensions


class MiningParams(Section):
    """Hard negatives: pool, teacher, false-negative rules, choice."""

    bm25_depth: Count = 50
    dense_depth: Count = 50
    negatives: Count = 7
    reranker: Annotated[str, Field(min_length=1)] = (
        "none"  # none | late_interaction | a cross-encoder's path or id
    )
    max_positive_share: Share = 0.95  # positive-aware rule of NV-Retriever (Moreira et al. 2024)
    max_score: Real | None = None  # a candidate at or above it may answer; in the teacher's units
    min_margin: NotNegative = 0.0  # to the positive, in the teacher's units
    max_positive_rank: Count | None = None  # of a passage in the round trip of its question; below: left out
    first_rank: Count = 1  # the window of the fused ranking that negatives may come from
    last_rank: Count = 60
    bm25_weight: NotNegative = 0.5  # of the fused z-scores that order the pool
    choice: Literal["top", "sample"] = "top"  # of the survivors in the window
    temperature: Positive = 1.0  # of the sample: low is the top, high a fair draw
    widen: Count = 2  # times both depths and the window's end, once, where survivors are too few; 1: never
    fill: Literal["none", "random"] = "none"  # random: short rows are filled, and the filler is marked

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
    lexical_weights: Grid = [0.0, 0.25, 0.5, 1.0]  # of models with M3's lexical head


class TrainEmbedderParams(Section):
    """Embedder fine-tuning by FlagEmbedding; each option's source stands in docs/embedder.md."""

    enabled: bool = True
    method: Literal["dense", "m3", "decoder"] = "dense"  # decoder: last-token pooling and LoRA
    max_steps: Whole = 24  # 0: by epochs
    epochs: Positive = 1.0
    batch_size: Count = 8
    group_size: Annotated[int, Field(ge=2)] = 4
    learning_rate: Positive = 2e-5
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = "linear"
    warmup_steps: Whole = 3
    layer_decay: Annotated[Share, Field(gt=0)] = 1.0  # each layer learns so much slower than the one above it
    temperature: Positive = 0.02
    query_max_length: Count = 48
    passage_max_length: Count = 192
    distill: bool = True  # the fused teacher scores are in the mined rows
    teacher_scale: Positive = 0.3
    guide_margin: NotNegative | None = None  # GISTEmbed; None: in-batch negatives are not masked
    matryoshka_dims: list[Count] = []
    style_shares: dict[str, NotNegative] = {}  # of the rows, by question style; none: rows as mined
    rounds: Annotated[int, Field(ge=1, le=3)] = 1  # 2: mine again with the tuned model, train again
    freeze_word_embeddings: bool = True
    freeze_layers: Whole = 0  # of the lowest layers
    base_weights: list[Share] = [0.0, 0.5, 1.0]  # shares of the base tried when both are interpolated
    tolerance: NotNegative = 0.005  # what tuned may lose on dev (MRR) and still be promoted
    max_overlap: Share = 1.0  # train on questions with at most this overlap
    eval_steps: Whole = 0  # dev evaluation every so many steps; 0: none, the last step's weights are kept
    eval_questions: Count = 200  # low-overlap ones at most, and half as many of the others
    eval_corpus: Count = 2000  # above it the evaluation searches a pool of hard candidates
    patience: Whole = 3  # evaluations without a gain until training stops; 0: never
    checkpoint_steps: Whole = 100  # 0: none; with eval_steps each evaluation is a checkpoint
    sub_batch_size: Whole = 0  # passages encoded at once, sorted by length; 0: all of a batch
    lora_r: Count = 32
    lora_alpha: Count = 64
    lora_dropout: Share = 0.05
    lora_target_modules: list[str] = ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"]
    negatives_cross_device: bool = False  # needs torchrun or accelerate with several processes
    bf16: bool = False
    fp16: bool = False
    tf32: bool = True  # on GPUs that have it
    gradient_checkpointing: bool = False

    @model_validator(mode="after")
    def _options_fit(self) -> TrainEmbedderParams:
        if self.guide_margin is not None and self.negatives_cross_device:
            raise ValueError("guide_margin masks one device's batch: switch negatives_cross_device off")
        if self.matryoshka_dims and self.method == "m3":
            raise ValueError("matryoshka_dims: FlagEmbedding has them for methods dense and decoder alone")
        if self.style_shares and not any(self.style_shares.values()):
            raise ValueError("style_shares are all 0: no row is left to train on")
        if self.bf16 and self.fp16:
            raise ValueError("bf16 and fp16 exclude each other")
        return self


class TrainRerankerParams(Section):
    """LoRA on mined candidate lists: a cross-encoder, or the encoder's late interaction."""

    enabled: bool = True
    method: Literal["cross_encoder", "late_interaction"] = "cross_encoder"
    model: str = "encoder"  # of a cross-encoder; "encoder" = the promoted embedder with a fresh head
    loss: Literal["listwise", "binary", "ranknet", "lambda", "distillation"] = "listwise"
    temperature: Positive | None = None  # scores in the loss are divided by it; None: 1, or 0.02 of MaxSim
    retriever_weight: NotNegative = 0.0  # of the retriever's score, added to the scores in the loss
    teacher_scale: Positive = 1.0  # of the retriever's scores where they are distilled
    max_steps: Count = 80
    batch_size: Count = 3  # questions a step, each with its positive and its negatives
    negatives: Count = 4
    max_lists: Whole = 0  # lists at most, those that the retriever decides least clearly; 0: all
    max_positive_share: NotNegative | None = None  # None: mining's; 2.0 lets in what beats the positive
    learning_rate: Positive = 2e-3
    max_length: Count = 224
    lora_r: Count = 16
    lora_alpha: Count = 32
    lora_dropout: Share = 0.05
    lora_layers: Whole = 0  # top layers that get an adapter; 0: all
    target_modules: list[str] = ["query", "value"]
    modules_to_save: list[str] = ["classifier", "pooler"]
    depth: Count = 15
    weights: list[NotNegative] = [0.0, 0.25, 0.5, 1.0, 2.0]

    @property
    def loss_temperature(self) -> float:
        """What scores are divided by in the loss: cosines differ by hundredths, logits by units."""
        return self.temperature or (0.02 if self.method == "late_interaction" else 1.0)

    @model_validator(mode="after")
    def _loss_fits(self) -> TrainRerankerParams:
        if self.method == "late_interaction" and self.loss == "binary":
            raise ValueError("loss binary needs a head with a bias: method cross_encoder, or another loss")
        return self


class CollectFailuresParams(Section):
    """Failure notes of the reranked dev lists; docs/reranker.md tells what each category means."""

    splits: Annotated[list[Literal["train", "dev"]], Field(min_length=1)] = ["dev"]
    near_topic: Share = 0.2  # Jaccard of two passages' morphemes from which they are of one topic


class AugmentFailuresParams(Section):
    """What a failure is turned into: paraphrases of its question, negatives that look alike."""

    provider: Literal["morphological", "llm"] = "morphological"
    paraphrases: Whole = 3  # of a failure's question, at most
    negatives: Count = 3  # of a failure: the beating passage and its neighbours, or an LLM's
    passage_chars: Count = 1000  # of a passage in a prompt


class TrainRerankerTargetedParams(Section):
    """A second stage on the failures, and the gate that it must pass."""

    enabled: bool = True
    start: Literal["continue", "merged"] = "continue"  # the same adapter, or a fresh one on the merged model
    max_steps: Count = 8
    learning_rate: Positive = 2e-4
    replay: NotNegative = 2.0  # solved questions mixed in, for each failure and each of its paraphrases
    evaluate_every: Count = 4
    patience: Count = 1
    stop_share: Share = 0.25  # of the documents: early stopping
    gate_share: Share = 0.35  # of the documents: the gate
    tolerance: Share = 0.0  # share of the solved questions that may be lost
    alpha: Annotated[float, BeforeValidator(_number), Field(gt=0, lt=1)] = 0.05

    @model_validator(mode="after")
    def _shares_fit(self) -> TrainRerankerTargetedParams:
        if self.stop_share + self.gate_share > 1:
            raise ValueError("stop_share and gate_share are shares of the same documents: 1 together at most")
        return self


class PairsParams(Section):
    """Candidate lists for the reranker, and how many of them at most: each costs `depth` pairs to score."""

    depth: Count = 20
    max_train: Count = 3000
    max_dev: Count = 400  # natural dev questions first


class QueryParams(Section):
    """Query understanding: by rules, or by the model of section llm with the rules behind it."""

    method: Literal["rules", "llm"] = "rules"
    chitchat_threshold: Share | None = None  # None: calibrated on the dev dialogues
    empty_ids: list[int | str] = []
    context_terms: Whole = 8
    context: Literal["nouns", "turns"] = "turns"  # what of the earlier turns a follow-up is given
    variants: Annotated[int, Field(ge=0, le=3)] = 1  # of each query: keywords, concept, related question
    hyde_chars: Count = 300  # of a hypothetical document (HyDE) at most; an LLM alone writes one


class SparseParams(Section):
    """Neural sparse retrieval: SPLADE-max (Formal et al. 2021) over a restricted vocabulary."""

    enabled: bool = False
    model: str = (
        "encoder"  # "encoder" = encoder.model; or a hub id with an MLM head (klue/bert-base), or a folder
    )
    query: Literal["idf", "model"] = (
        "idf"  # idf: inference-free query (token weights alone); model: SPLADE on both sides
    )
    max_vocabulary: Count = 32000
    max_terms: Count = 100  # of a passage in the index; the weakest are cut
    query_max_length: Count = 48
    passage_max_length: Count = 160
    max_steps: Whole = 80
    batch_size: Count = 6
    negatives: Whole = 2
    accumulate: Count = 1  # batches a step
    learning_rate: Positive = 3e-5
    head_learning_rate: Positive = 1e-3
    warmup_steps: Whole = 8
    ranking: Literal["contrastive", "margin"] = "contrastive"
    margin: Positive = 2.0
    distill: NotNegative = 0.3  # weight of the KL to the mined teacher scores
    teacher_scale: Positive = 0.3
    flops_query: NotNegative = 1e-3  # not read where the query is inference-free
    flops_passage: NotNegative = 3e-3
    l1_passage: NotNegative = 0.0
    ramp_steps: Count = 40  # of the regularisation, quadratic
    cross_lingual: NotNegative = 0.5  # weight of the alignment of Korean-English term pairs
    term_pairs: Whole = 8  # pairs a step
    swap_share: Share = 0.3  # of the train questions that get a copy with English terms
    evaluate_every: Count = 20
    patience: Count = 3  # evaluations without a better dev nDCG@10
    checkpoint_every: Count = 20
    bf16: bool = False
    fp16: bool = False


class SearchParams(Section):
    """Where search runs: in this process, or on a server that the user runs.

    Addresses and keys are no parameters: they come from the environment (docs/search_servers.md).
    """

    engine: Literal["local", "elasticsearch", "opensearch"] = "local"
    index: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")] = (
        "sunwi"  # the alias; versions stand behind it
    )
    analyzer: Literal["auto", "nori", "terms"] = (
        "auto"  # auto: nori where the server has it, else Kiwi's terms
    )
    depth: Annotated[int, Field(ge=1, le=10_000)] = 1000  # hits of a query; servers give 10,000 at most
    bulk_documents: Count = 500
    max_tries: Count = 5
    timeout: Positive = 30.0  # seconds a request


RetrieverName = Literal["bm25", "dense", "lexical", "questions", "sparse"]
QueryArm = Literal["standalone", "variants", "hyde"]
Rerank = Literal["none", "late_interaction", "late_interaction_tuned", "cross_encoder", "both"]
Scorer = Literal["retriever", "late_interaction", "late_interaction_tuned", "cross_encoder"]


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


VariantName = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]


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


class ScoreParams(Section):
    """Measures and tests."""

    baseline: str = "dense_base"
    cutoff: Count = 3  # of the competition's MAP
    bootstrap: Count = 10000
    permutations: Count = 100000
    confidence: Annotated[float, BeforeValidator(_number), Field(gt=0, lt=1)] = 0.95


GuardMeasure = Literal["map", "mrr", "hit1", "hit3", "hit5"]  # those that metrics/per_query.csv can tell


class GuardParams(Section):
    """What `sunwi check --against REV` watches: the headline variant in these measures."""

    tolerances: Annotated[dict[GuardMeasure, NotNegative], Field(min_length=1)] = {"map": 0.01}
    alpha: Annotated[float, BeforeValidator(_number), Field(gt=0, lt=1)] = 0.05


class ReportParams(Section):
    """The report page and what is diagnosed for it."""

    headline: str | None = None  # the variant that is spoken of; None: the last one declared
    explorer_variants: Count = 20  # variants whose rankings can be looked at: headline, baseline, best others
    explorer_queries: Count = 400  # failing queries first
    map_questions: Whole = 400  # synthetic questions on the embedding map, a seeded sample
    perplexity: Positive = 30.0  # of t-SNE, lowered where there are few points


class Params(Section):
    """The whole of params.yaml."""

    seed: Whole = 42
    data: DataParams = DataParams()
    corpus: CorpusParams = CorpusParams()
    qa: QaParams = QaParams()
    llm: LlmParams = LlmParams()
    encoder: EncoderParams = EncoderParams()
    bm25: Bm25Params = Bm25Params()
    dense: DenseParams = DenseParams()
    mining: MiningParams = MiningParams()
    fusion: FusionParams = FusionParams()
    train_embedder: TrainEmbedderParams = TrainEmbedderParams()
    pairs: PairsParams = PairsParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()
    collect_failures: CollectFailuresParams = CollectFailuresParams()
    augment_failures: AugmentFailuresParams = AugmentFailuresParams()
    train_reranker_targeted: TrainRerankerTargetedParams = TrainRerankerTargetedParams()
    query: QueryParams = QueryParams()
    sparse: SparseParams = SparseParams()
    search: SearchParams = SearchParams()
    submissions: dict[VariantName, SubmissionParams] = {}
    combinations: dict[VariantName, CombinationParams] = {}
    score: ScoreParams = ScoreParams()
    guard: GuardParams = GuardParams()
    report: ReportParams = ReportParams()

    @property
    def headline(self) -> str:
        """The variant that the report and the guard speak of."""
        return self.report.headline or next(reversed(self.submissions), self.score.baseline)

    @model_validator(mode="after")
    def _sections_fit(self) -> Params:
        if self.train_reranker.depth > self.pairs.depth:
            raise ValueError("train_reranker.depth is above pairs.depth: the blend is fitted on those lists")
        if alone := [name for name, one in sorted(self.submissions.items()) if _untrained(one.rerank, self)]:
            what = f"submissions {alone} re-rank by a reranker that is not trained"
            found = f"train_reranker.enabled and .method ({self.train_reranker.method})"
            raise ValueError(f"{what}: see {found}, or set rerank: late_interaction")
        if self.submissions and self.score.baseline not in self.submissions:
            known = sorted(self.submissions)
            found = f"score.baseline is {self.score.baseline!r}"
            raise ValueError(f"{found}, which is none of the submissions {known}")
        if self.submissions and self.headline not in self.variants:
            found = f"report.headline is {self.headline!r}"
            raise ValueError(f"{found}, which is none of the variants {sorted(self.variants)}")
        return self

    @property
    def variants(self) -> dict[str, SubmissionParams | CombinationParams]:
        """Every variant by name: submissions, then what is combined of them."""
        return {**self.submissions, **self.combinations}

    @model_validator(mode="after")
    def _variants_fit(self) -> Params:
        if faults := [*_combination_faults(self), *_llm_faults(self), *_sparse_faults(self)]:
            raise ValueError("; ".join(faults))
        return self


def _untrained(rerank: Rerank, params: Params) -> bool:
    """Whether a kind of re-ranking stands on a reranker that no stage trains."""
    settings = params.train_reranker
    needed = {"cross_encoder": "cross_encoder", "late_interaction_tuned": "late_interaction"}.get(rerank)
    return needed is not None and not (settings.enabled and settings.method == needed)


def _combination_faults(params: Params) -> list[str]:
    """Combinations that read what is not there, what cannot be read, or themselves by a circle."""
    faults = [
        f"combinations.{name}: a submission has this name too"
        for name in sorted(params.submissions.keys() & params.combinations.keys())
    ]
    for name, one in sorted(params.combinations.items()):
        unknown = sorted(set(one.reads) - params.variants.keys())
        if unknown:
            faults.append(f"combinations.{name} reads {unknown}, known are {sorted(params.variants)}")
        elif circle := _circle(name, params.combinations):
            faults.append(f"combinations.{name} reads itself: {' -> '.join(circle)}")
        elif one.swap and params.variants[one.swap.from_].llm_rerank:
            faults.append(f"combinations.{name}.swap.from: {one.swap.from_!r} has an LLM's order, not scores")
        if one.union and _untrained(one.union.rerank, params):
            faults.append(f"combinations.{name}.union re-ranks by {one.union.rerank}, which is not trained")
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
    """What asks an LLM while none is configured."""
    if params.llm.provider != "none":
        return []
    asking = [f"variant {name}" for name, one in sorted(params.variants.items()) if one.asks_llm]
    if params.query.method == "llm":
        asking.append("query.method")
    if params.augment_failures.provider == "llm":
        asking.append("augment_failures.provider")
    found = f"{', '.join(asking)} asks an LLM, but llm.provider is none"
    return [f"{found}: set it (`sunwi recipe solar`), or drop what asks"] if asking else []


def _sparse_faults(params: Params) -> list[str]:
    """Submissions that search by the sparse encoder while none is trained."""
    if params.sparse.enabled:
        return []
    asking = [name for name, one in sorted(params.submissions.items()) if "sparse" in one.retrievers]
    found = f"submissions {asking} search by the sparse encoder, but sparse.enabled is false"
    return [f"{found} (`sunwi recipe neural-sparse`)"] if asking else []


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
