"""Several retrievers over one corpus: component scores, fused rankings, ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sunwi.compute.executor import LOCAL, Executor
from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.models.passage_vectors import Windows
from sunwi.params.bm25 import Bm25Params
from sunwi.search.fusion.method import Fusion
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import index_terms, term_stream
from sunwi.search.passages import Passages, QueryBatch, collapse
from sunwi.search.retrievers.base import Retriever, Scores
from sunwi.search.retrievers.bm25 import Bm25Retriever
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.retrievers.expansion import ExpandedLexicalRetriever
from sunwi.search.retrievers.questions import QuestionRetriever
from sunwi.search.top import top

if TYPE_CHECKING:
    from sunwi.params.dense import DenseParams

BLOCK_CELLS = 32_000_000  # scores of one retriever held at a time: 128 MB


@dataclass(frozen=True, slots=True)
class RankedQuery:
    """One query's candidates, best first, with every component's score and rank for them."""

    qid: str
    positions: npt.NDArray[np.int64]
    scores: Scores
    components: dict[str, Scores]
    ranks: dict[str, npt.NDArray[np.int64]]


class SearchPipeline:
    """A corpus with its retrievers; blocks of queries that are cut to their best run on the engine."""

    def __init__(self, passages: Passages, retrievers: Sequence[Retriever], engine: Executor = LOCAL) -> None:
        self.passages = passages
        self.retrievers = {retriever.name: retriever for retriever in retrievers}
        self.engine = engine

    def parts(self, queries: QueryBatch) -> Iterator[slice]:
        """Rows of each block of queries."""
        size = max(1, BLOCK_CELLS // len(self.passages))
        for start in range(0, len(queries), size):
            yield slice(start, min(start + size, len(queries)))

    def blocks(self, queries: QueryBatch, names: Sequence[str]) -> Iterator[tuple[slice, dict[str, Scores]]]:
        """Component scores block by block: (rows, name -> [block, passages])."""
        for rows in self.parts(queries):
            part = queries.part(rows)
            yield rows, {name: self.retrievers[name].scores(part) for name in names}

    def rank(
        self, queries: QueryBatch, names: Sequence[str], fusion: Fusion, depth: int
    ) -> Iterator[RankedQuery]:
        """The best `depth` documents of each query; of a chunked document its best chunk alone.

        Ties are broken by docid.
        """
        retrievers = [self.retrievers[name] for name in names]
        ranking = _Ranking(self.passages.groups, retrievers, fusion, depth)
        for ranked in self.engine.map(ranking, (queries.part(rows) for rows in self.parts(queries))):
            yield from ranked


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The best documents of one block of queries."""

    groups: Sequence[str]
    retrievers: Sequence[Retriever]
    fusion: Fusion
    depth: int

    def __call__(self, queries: QueryBatch) -> list[RankedQuery]:
        components = {retriever.name: retriever.scores(queries) for retriever in self.retrievers}
        fused = self.fusion(components)
        ranked = []
        for row, qid in enumerate(queries.qids):
            positions = self._best(fused[row])
            of_query = {name: scores[row] for name, scores in components.items()}
            ranks = {name: ranks_at(scores, positions) for name, scores in of_query.items()}
            chosen = {name: scores[positions] for name, scores in of_query.items()}
            ranked.append(RankedQuery(qid, positions, fused[row][positions], chosen, ranks))
        return ranked

    def _best(self, scores: Scores) -> npt.NDArray[np.int64]:
        """Positions of the best documents' best chunks; usually among a few times `depth` passages."""
        looked_at = 4 * self.depth
        while True:
            order, _ = top(scores, looked_at)
            positions = collapse(self.groups, order, self.depth)
            if len(positions) >= self.depth or looked_at >= len(scores):
                return positions
            looked_at *= 4


def ranks_at(scores: Scores, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Ranks of some passages, 1 = best; ties are broken by position.

    A sort of the values costs a tenth of the order of all passages.
    """
    rising = np.sort(scores)
    values = scores[positions]
    below = np.searchsorted(rising, values, side="right")
    ranks = 1 + len(scores) - below
    tied = np.flatnonzero(below - np.searchsorted(rising, values, side="left") > 1)
    for row in tied:
        ranks[row] += np.count_nonzero(scores[: positions[row]] == values[row])
    return ranks


@dataclass(frozen=True, slots=True)
class QuestionIndex:
    """The questions that are searched: vectors [questions, dimensions], and of each id, passage and text.

    Of those that can be queries themselves `sources` tells who wrote them (`QuestionRetriever`).
    """

    vectors: Vectors
    qids: Sequence[str]
    docids: Sequence[str]
    texts: Sequence[str]
    sources: Sequence[str] | None = None


def build_pipeline(
    passages: Passages,
    vectors: Vectors,
    bm25: Bm25Params,
    questions: QuestionIndex | None = None,
    dense: DenseParams | None = None,
    extra: Sequence[Retriever] = (),
    index_folder: Path | None = None,
    engine: Executor = LOCAL,
    windows: Windows | None = None,
) -> SearchPipeline:
    """BM25, dense and, where it is given, the question index; then the `extra` retrievers.

    With `bm25.expand` the passages are indexed with the questions' texts. Where there is a folder of `kept`
    indexes, BM25 (not expanded) and an approximate index are read from it. `windows` are what long passages
    say behind the start that their vector was made of.

    Raises
    ------
    DataError
        If the vectors were made of another corpus, or a question's passage is not in it.
    """
    if len(vectors) != len(passages):
        what = f"there are {len(vectors)} vectors for {len(passages)} passages"
        raise DataError(what, "run the encode stage again (dvc repro)")
    near: Retriever
    if dense is None or dense.index == "flat":
        near = DenseRetriever(vectors, windows)
    else:
        from sunwi.search.index_cache import kept_faiss
        from sunwi.search.retrievers.approximate import ApproximateDenseRetriever

        rows = vectors if windows is None else np.concatenate([vectors, windows.vectors])
        built = kept_faiss(index_folder, rows, dense) if index_folder else None
        near = ApproximateDenseRetriever(vectors, dense, built, windows)
    if questions is None:
        return SearchPipeline(passages, [_lexical(passages, bm25, index_folder), near, *extra], engine)
    owners = np.array(passages.positions_of(questions.qids, questions.docids), dtype=np.int64)
    lexical: Retriever
    if bm25.expand:
        question_terms = index_terms(questions.texts, bm25.tokenizer, "questions' morphemes")
        terms = index_terms(passages.texts, bm25.tokenizer)
        lexical = ExpandedLexicalRetriever(terms, question_terms, questions.qids, owners.tolist(), bm25)
    else:
        lexical = _lexical(passages, bm25, index_folder)
    index = QuestionRetriever(questions.vectors, questions.qids, owners, len(passages), questions.sources)
    return SearchPipeline(passages, [lexical, near, index, *extra], engine)


def _lexical(passages: Passages, params: Bm25Params, index_folder: Path | None) -> Bm25Retriever:
    def index() -> Bm25:
        if index_folder is None:
            return Bm25(term_stream(passages.texts, params.tokenizer), params)
        from sunwi.search.index_cache import kept_bm25

        return kept_bm25(index_folder, passages.texts, params)

    return Bm25Retriever(index)
