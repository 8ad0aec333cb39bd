"""Dev questions with the passages that encoders are compared on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sunwi.models.encoder import Encoder
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import term_stream
from sunwi.search.labelled import NATURAL, LabelledQuestion
from sunwi.search.passages import Passages, QueryBatch, make_queries
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.retrievers.bm25 import Bm25Retriever
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.top import top
from sunwi.train.embedder.settings import EmbedderSections
from sunwi.train.shared.corpus_part import part_of

POOL_DEPTH = 30  # passages that each question brings into the pool of a large corpus


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


def dev_set(
    passages: Passages,
    base: Encoder,
    labels: Sequence[LabelledQuestion],
    params: EmbedderSections,
    whole_corpus: int,
    depth: int = POOL_DEPTH,
) -> DevSet:
    """The questions with their pool: the corpus up to `whole_corpus` passages, else the `depth` best passages
    of each question by the base's hybrid search, with the relevant ones."""
    queries = as_queries(base, labels, params)
    lexical = Bm25(term_stream(passages.texts, params.bm25.tokenizer), params.bm25)
    wanted = {position for label in labels for position in label.relevant}
    if len(passages) <= whole_corpus:
        wanted = set(range(len(passages)))
    else:
        vectors = base.encode(passages.texts, "passage", params.encoder.max_length, "encode passages")
        search = SearchPipeline(passages, [Bm25Retriever(lexical), DenseRetriever(vectors)])
        for _, scores in search.blocks(queries, ["bm25", "dense"]):
            fused = weighted_sum(scores, {"bm25": params.mining.bm25_weight})
            wanted |= {int(position) for of_query in fused for position in top(of_query, depth)[0]}
    pool = sorted(wanted)
    bm25 = np.stack([lexical.scores(words)[pool] for words in queries.terms])
    part, inside = part_of(passages, pool, labels)
    natural = [row for row, label in enumerate(labels) if label.style == NATURAL]
    return DevSet(list(labels), part, [label.relevant for label in inside], bm25, natural)


def as_queries(encoder: Encoder, labels: Sequence[LabelledQuestion], params: EmbedderSections) -> QueryBatch:
    """Labelled questions, analysed and encoded."""
    return make_queries(
        [label.qid for label in labels],
        [label.text for label in labels],
        encoder,
        params.encoder.query_max_length,
        params.bm25.tokenizer,
    )
