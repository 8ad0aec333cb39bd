"""Several retrievers over one corpus: component scores, fused rankings, ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.params import Bm25Params, DenseParams
from sunwi.search.batch import Passages, QueryBatch, collapse
from sunwi.search.bm25 import Bm25
from sunwi.search.dense import DenseRetriever
from sunwi.search.expansion import ExpandedLexicalRetriever
from sunwi.search.fusion import alpha_fusion, comb_fusion, reciprocal_rank_fusion, weighted_sum
from sunwi.search.lexical import LexicalRetriever
from sunwi.search.questions import QuestionRetriever
from sunwi.search.retriever import Retriever, Scores
from sunwi.search.terms import index_terms
from sunwi.search.top import top

BLOCK_CELLS = 16_000_000  # scores of one retriever held at a time: 64 MB


@dataclass(frozen=True, slots=True)
class Fusion:
    """How components become one score."""

    method: Literal["weighted", "alpha", "rrf", "comb_sum", "comb_mnz"]
    weights: Mapping[str, float]
    rrf_k: float = 60.0
    depth: int = 100

    def __call__(self, scores: Mapping[str, Scores]) -> Scores:
        """Fused scores, shape [queries, passages]."""
        if self.method == "rrf":
            return reciprocal_rank_fusion(scores, self.rrf_k, self.depth, self.weights)
        if self.method == "alpha":
            return alpha_fusion(scores, self.weights["dense"])
        if self.method in {"comb_sum", "comb_mnz"}:
            return comb_fusion(scores, "sum" if self.method == "comb_sum" else "mnz", self.depth)
        return weighted_sum(scores, self.weights)


@dataclass(frozen=True, slots=True)
class RankedQuery:
    """One query's candidates, best first, with every component's score and rank for them."""

    qid: str
    positions: npt.NDArray[np.int64]
    scores: Scores
    components: dict[str, Scores]
    ranks: dict[str, npt.NDArray[np.int64]]


class SearchPipeline:
    """A corpus with its retrievers."""

    def __init__(self, passages: Passages, retrievers: Sequence[Retriever]) -> None:
        self.passages = passages
        self.retrievers = {retriever.name: retriever for retriever in retrievers}

    def blocks(self, queries: QueryBatch, names: Sequence[str]) -> Iterator[tuple[slice, dict[str, Scores]]]:
        """Component scores block by block: (rows, name -> [block, passages])."""
        size = max(1, BLOCK_CELLS // len(self.passages))
        for start in range(0, len(queries), size):
            rows = slice(start, min(start + size, len(queries)))
            part = queries.part(rows)
            yield rows, {name: self.retrievers[name].scores(part) for name in names}

    def rank(
        self, queries: QueryBatch, names: Sequence[str], fusion: Fusion, depth: int
    ) -> Iterator[RankedQuery]:
        """The best `depth` documents of each query; of a chunked document its best chunk alone.

        Ties are broken by docid.
        """
        for rows, components in self.blocks(queries, names):
            fused = fusion(components)
            for at, qid in enumerate(queries.qids[rows]):
                order, _ = top(fused[at], len(self.passages))
                positions = collapse(self.passages.groups, order, depth)
                of_query = {name: scores[at] for name, scores in components.items()}
                ranks = {name: rank_of(scores)[positions] for name, scores in of_query.items()}
                chosen = {name: scores[positions] for name, scores in of_query.items()}
                yield RankedQuery(qid, positions, fused[at][positions], chosen, ranks)


def rank_of(scores: Scores) -> npt.NDArray[np.int64]:
    """Rank of every passage, 1 = best; ties are broken by position."""
    order, _ = top(scores, len(scores))
    ranks = np.empty(len(scores), dtype=np.int64)
    ranks[order] = np.arange(1, len(scores) + 1)
    return ranks


def build_pipeline(
    passages: Passages,
    vectors: Vectors,
    bm25: Bm25Params,
    questions: tuple[Vectors, Sequence[str], Sequence[str]] | None = None,
    dense: DenseParams | None = None,
    question_texts: Sequence[str] = (),
    extra: Sequence[Retriever] = (),
) -> SearchPipeline:
    """BM25, dense and, given (vectors, qids, docids), the question index; then the `extra` retrievers.

    With `bm25.expand` the passages are indexed with `question_texts`, which belong to those ids.

    Raises
    ------
    DataError
        If the vectors were made of another corpus, or a question's passage is not in it.
    """
    if len(vectors) != len(passages):
        what = f"there are {len(vectors)} vectors for {len(passages)} passages"
        raise DataError(what, "run the encode stage again (dvc repro)")
    terms = index_terms(passages.texts, bm25.tokenizer)
    near: Retriever
    if dense is None or dense.index == "flat":
        near = DenseRetriever(vectors)
    else:
        from sunwi.search.approximate import ApproximateDenseRetriever

        near = ApproximateDenseRetriever(vectors, dense)
    if questions is None:
        return SearchPipeline(passages, [LexicalRetriever(Bm25(terms, bm25)), near, *extra])
    question_vectors, qids, docids = questions
    owners = np.array(passages.positions_of(qids, docids), dtype=np.int64)
    lexical: Retriever
    if bm25.expand:
        asked = index_terms(question_texts, bm25.tokenizer, "questions' morphemes")
        lexical = ExpandedLexicalRetriever(terms, asked, qids, owners.tolist(), bm25)
    else:
        lexical = LexicalRetriever(Bm25(terms, bm25))
    index = QuestionRetriever(question_vectors, list(qids), owners, len(passages))
    return SearchPipeline(passages, [lexical, near, index, *extra])
