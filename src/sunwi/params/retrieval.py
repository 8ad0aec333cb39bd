"""Sections encoder, bm25, dense, fusion, query, search: how passages are found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sunwi.params.section import Count, Grid, NotNegative, Positive, Section, Share, Whole


class EncoderParams(Section):
    """The bi-encoder and its limits, in tokens."""

    model: str = "builtin/multilingual-e5-small"
    max_length: Annotated[int, Field(ge=8, le=8192)] = 256
    query_max_length: Annotated[int, Field(ge=8, le=8192)] = 64
    batch_size: Count = 32
    # auto: float32 on a CPU, half on a GPU; int8: linear layers alone, on a CPU
    precision: Literal["auto", "float32", "bfloat16", "int8"] = "auto"


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


class FusionParams(Section):
    """Score fusion fitted on the low-overlap part of the dev questions."""

    low_overlap: Share = 0.65
    min_questions: Count = 30
    bm25_weights: Grid = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0]
    question_weights: Grid = [0.0, 0.25, 0.5, 0.75, 1.0]
    lexical_weights: Grid = [0.0, 0.25, 0.5, 1.0]  # of models with M3's lexical head


class QueryParams(Section):
    """Query understanding: by rules, or by the model of section llm with the rules behind it."""

    method: Literal["rules", "llm"] = "rules"
    chitchat_threshold: Share | None = None  # None: calibrated on the dev dialogues
    empty_ids: list[int | str] = []
    context_terms: Whole = 8
    context: Literal["nouns", "turns"] = "turns"  # what of the earlier turns a follow-up is given
    variants: Annotated[int, Field(ge=0, le=3)] = 1  # of each query: keywords, concept, related question
    hyde_chars: Count = 300  # of a hypothetical document (HyDE) at most; an LLM alone writes one


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
    keep_indexes: bool = False  # keep built BM25 and approximate indexes beside the row caches
