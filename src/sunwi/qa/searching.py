"""The search that questions are checked with: BM25, and the base encoder beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sunwi.models.encoder import Encoder, Vectors
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.passage_vectors import encode_passages
from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.records.corpus import Document
from sunwi.search.fusion.method import Fusion
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.index.bm25 import Bm25, index_terms
from sunwi.search.index.terms import term_stream
from sunwi.search.labelled import first_relevant_rank
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import RankedQuery, SearchPipeline
from sunwi.search.retrievers.base import Retriever, Scores
from sunwi.search.retrievers.bm25 import Bm25Retriever
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.top import top

RERANKED = 20  # passages of each query that the reranker orders
FUSION = Fusion("weighted", {})  # the plain sum of z-scores: nothing is fitted before questions exist


class QuestionSearch:
    """BM25 alone, or BM25 and dense with or without late interaction, over the questions' corpus."""

    def __init__(
        self,
        documents: Sequence[Document],
        bm25: Bm25Params,
        encoder: Encoder | None,
        lengths: EncoderParams,
        rerank: bool = False,
    ) -> None:
        self.passages = Passages.of(documents)
        self.encoder = encoder
        self.reranker = (
            LateInteraction(encoder, lengths.query_max_length, lengths.max_length, lengths.windows)
            if rerank and encoder is not None
            else None
        )
        self._lengths = lengths
        self._tokenizer = bm25.tokenizer
        terms = term_stream(self.passages.texts, bm25.tokenizer, "passages")
        retrievers: list[Retriever] = [Bm25Retriever(Bm25(terms, bm25))]
        if encoder is not None:
            retrievers.append(DenseRetriever(*encode_passages(encoder, self.passages.texts, lengths)))
        self._pipeline = SearchPipeline(self.passages, retrievers)
        self._names = sorted(self._pipeline.retrievers)

    def queries(self, texts: Sequence[str]) -> QueryBatch:
        """The texts, analysed and (with an encoder) encoded; their ids are their positions."""
        vectors = self._vectors(texts, "encode questions")
        terms = index_terms(texts, self._tokenizer, "questions")
        return QueryBatch([str(number) for number in range(len(texts))], list(texts), terms, vectors)

    def _vectors(self, texts: Sequence[str], label: str) -> Vectors:
        """Vectors of queries, shape [texts, dimensions]; without an encoder they have no dimension."""
        if self.encoder is None:
            return np.zeros((len(texts), 0), dtype=np.float16)
        return self.encoder.encode(texts, "query", self._lengths.query_max_length, label)

    def source_ranks(self, queries: QueryBatch, docids: Sequence[str], depth: int) -> list[int | None]:
        """Rank of each query's source passage, from 1; None if it is not among the first `depth`.

        With BM25 alone, a passage that has no term of the query is not found at any depth.
        """
        sources = [self.passages.position[docid] for docid in docids]
        source_ranks: list[int | None] = []
        for rows, components in self._pipeline.blocks(queries, self._names):
            targets = sources[rows]
            fused = components["bm25"] if self.encoder is None else weighted_sum(components, {})
            if self.reranker is not None:
                fused = self._reranked(fused, queries.texts[rows])
            ranks = first_relevant_rank(fused, [(target,) for target in targets])
            for row, (rank, target) in enumerate(zip(ranks.tolist(), targets, strict=True)):
                missed = rank > depth or (self.encoder is None and fused[row, target] <= 0)
                source_ranks.append(None if missed else int(rank))
        return source_ranks

    def _reranked(self, fused: Scores, texts: Sequence[str]) -> Scores:
        """The first passages of each query in the reranker's order, before all others in theirs."""
        assert self.reranker is not None
        heads = [top(of_query, RERANKED)[0] for of_query in fused]
        pairs = [
            (text, self.passages.texts[position])
            for text, head in zip(texts, heads, strict=True)
            for position in head
        ]
        scores = iter(self.reranker.score(pairs))
        ordered: Scores = fused - fused.max() - 1.0  # below every score that the reranker gives
        for row, head in enumerate(heads):
            reranked = np.array([next(scores) for _ in head])
            order = np.lexsort((head, -reranked))
            ordered[row, head[order]] = np.arange(len(head), 0, -1, dtype=np.float32)
        return ordered

    def rank(self, queries: QueryBatch, depth: int) -> Iterator[RankedQuery]:
        """The best documents of each query."""
        return self._pipeline.rank(queries, self._names, FUSION, depth)

    def evaluation_cosines(self, queries: QueryBatch, texts: Sequence[str]) -> list[float | None]:
        """Largest cosine of each query with an evaluation text; None without an encoder or a text."""
        if self.encoder is None or not texts:
            return [None] * len(queries)
        evaluated = self._vectors(sorted(set(texts)), "encode evaluation queries").astype(np.float32)
        blocks = [
            (queries.vectors[start : start + 4096].astype(np.float32) @ evaluated.T).max(axis=1)
            for start in range(0, len(queries), 4096)
        ]
        return [round(float(value), 4) for value in np.concatenate(blocks)] if blocks else []
