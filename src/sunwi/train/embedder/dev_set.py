"""Dev questions with the passages that encoders are compared on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Encoder
from sunwi.models.passage_vectors import encode_passages
from sunwi.runtime import text_hash
from sunwi.search.fusion.normalise import SPREAD, zscore
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import term_stream
from sunwi.search.labelled import NATURAL, LabelledQuestion
from sunwi.search.passages import Passages, QueryBatch, make_queries
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.retrievers.base import Scores
from sunwi.search.retrievers.bm25 import Bm25Retriever
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.top import top
from sunwi.train.embedder.settings import EmbedderSections
from sunwi.train.shared.corpus_part import part_of

POOL_DEPTH = 30  # passages that each question brings into the pool of a large corpus


@dataclass(frozen=True, slots=True)
class CorpusScale:
    """What makes z-scores over a pool those over the corpus; a pool of good candidates has other ones.

    Attributes
    ----------
    bm25_mean, bm25_spread
        Of each question's BM25 scores over the corpus, [questions, 1].
    sample
        Columns of the pool that were drawn by hash: their mean and spread estimate those of dense scores.
    """

    bm25_mean: npt.NDArray[np.float64]
    bm25_spread: npt.NDArray[np.float64]
    sample: list[int]


@dataclass(frozen=True, slots=True)
class DevSet:
    """Dev questions and the pool of passages that they are searched in.

    The pool is the corpus; of a large one it is what the base's hybrid search finds for these questions,
    with their relevant passages. Such a pool lacks what a tuned model would wrongly lift from below, so it
    flatters the tuned model a little.
    """

    labels: list[LabelledQuestion]
    passages: Passages
    relevant: list[tuple[int, ...]]
    bm25: npt.NDArray[np.float32]  # [questions, pool]
    natural: list[int]
    scale: CorpusScale | None = None  # None: z-scores are taken over the pool

    def normalised(self, dense: Scores) -> dict[str, Scores]:
        """The z-scores of BM25 and of dense scores [questions, pool]."""
        if self.scale is None:
            return {"bm25": zscore(self.bm25), "dense": zscore(dense)}
        drawn = dense[:, self.scale.sample].astype(np.float64)
        mean, spread = drawn.mean(axis=1)[:, None], drawn.std(axis=1)[:, None]
        return {
            "bm25": _scaled(self.bm25, self.scale.bm25_mean, self.scale.bm25_spread),
            "dense": _scaled(dense, mean, spread),
        }


def dev_set(
    passages: Passages,
    base: Encoder,
    labels: Sequence[LabelledQuestion],
    params: EmbedderSections,
    whole_corpus: int,
    depth: int = POOL_DEPTH,
    sample: int = 0,
) -> DevSet:
    """The questions with their pool: the corpus up to `whole_corpus` passages, else the `depth` best passages
    of each question by the base's hybrid search, with the relevant ones.

    With a `sample`, so many passages drawn by hash join such a pool, and z-scores are those over the corpus.
    """
    queries = as_queries(base, labels, params)
    lexical = Bm25(term_stream(passages.texts, params.bm25.tokenizer), params.bm25)
    wanted = {position for label in labels for position in label.relevant}
    drawn: list[int] = []
    if len(passages) <= whole_corpus:
        wanted = set(range(len(passages)))
    else:
        dense = DenseRetriever(*encode_passages(base, passages.texts, params.encoder))
        search = SearchPipeline(passages, [Bm25Retriever(lexical), dense])
        for _, scores in search.blocks(queries, ["bm25", "dense"]):
            fused = weighted_sum(scores, {"bm25": params.mining.bm25_weight})
            wanted |= {int(position) for of_query in fused for position in top(of_query, depth)[0]}
        drawn = sorted(range(len(passages)), key=lambda position: text_hash(passages.docids[position]))[
            :sample
        ]
    pool = sorted(wanted.union(drawn))
    bm25, scale = _bm25_of(lexical, queries, pool, drawn)
    part, inside = part_of(passages, pool, labels)
    natural = [row for row, label in enumerate(labels) if label.style == NATURAL]
    return DevSet(list(labels), part, [label.relevant for label in inside], bm25, natural, scale)


def _bm25_of(
    lexical: Bm25, queries: QueryBatch, pool: list[int], drawn: Sequence[int]
) -> tuple[npt.NDArray[np.float32], CorpusScale | None]:
    rows, moments = [], []
    for words in queries.terms:
        scores = lexical.scores(words)
        rows.append(scores[pool])
        moments.append([scores.mean(dtype=np.float64), scores.std(dtype=np.float64)])
    if not drawn:
        return np.stack(rows), None
    mean, spread = np.array(moments).T[:, :, None]
    column_of = {position: column for column, position in enumerate(pool)}
    return np.stack(rows), CorpusScale(mean, spread, [column_of[position] for position in drawn])


def _scaled(
    scores: Scores, mean: npt.NDArray[np.float64], spread: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    return np.where(spread > SPREAD, (scores - mean) / np.maximum(spread, SPREAD), 0.0).astype(np.float32)


def as_queries(encoder: Encoder, labels: Sequence[LabelledQuestion], params: EmbedderSections) -> QueryBatch:
    """Labelled questions, analysed and encoded."""
    return make_queries(
        [label.qid for label in labels],
        [label.text for label in labels],
        encoder,
        params.encoder.query_max_length,
        params.bm25.tokenizer,
    )
