"""The round trip's search: hybrid, re-ranked, and by BM25 alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sunwi.models.encoder import Encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.qa.searching import QuestionSearch
from sunwi.records.corpus import Document

ASKED = {
    "d2": "땅은 왜 흔들리나요?",
    "d5": "용암은 어디에서 나오나요?",
    "d7": "바닷물이 드나드는 까닭은 무엇인가요?",
}
LENGTHS = EncoderParams(max_length=48, query_max_length=24)


def by_hand(values: np.ndarray, target: int) -> int:
    return 1 + int((values > values[target]).sum())


def test_the_hybrid_rank_is_that_of_the_sum_of_z_scores(
    encoder: Encoder, tiny_corpus: list[Document], own_cache: Path
) -> None:
    search = QuestionSearch(tiny_corpus, Bm25Params(), encoder, LENGTHS)
    lexical = QuestionSearch(tiny_corpus, Bm25Params(), None, LENGTHS)
    queries = search.queries(list(ASKED.values()))
    vectors = encoder.encode(search.passages.texts, "passage", 48).astype(np.float32)
    dense = queries.vectors.astype(np.float32) @ vectors.T
    bm25 = lexical._pipeline.retrievers["bm25"].scores(queries)
    total = sum((s - s.mean(axis=1, keepdims=True)) / s.std(axis=1, keepdims=True) for s in (dense, bm25))
    expected = [by_hand(total[row], search.passages.position[docid]) for row, docid in enumerate(ASKED)]
    assert search.source_ranks(queries, list(ASKED), 8) == expected
    assert search.source_ranks(queries, list(ASKED), 0) == [None] * 3


def test_the_reranker_decides_among_the_first(
    encoder: Encoder, tiny_corpus: list[Document], own_cache: Path
) -> None:
    search = QuestionSearch(tiny_corpus, Bm25Params(), encoder, LENGTHS, rerank=True)
    queries = search.queries(list(ASKED.values()))
    late = LateInteraction(encoder, 24, 48)
    expected = []
    for docid, text in ASKED.items():  # the corpus is smaller than the reranker's depth: it orders all
        scores = late.score([(text, passage) for passage in search.passages.texts])
        expected.append(by_hand(scores, search.passages.position[docid]))
    assert search.source_ranks(queries, list(ASKED), 8) == expected


def test_cosines_with_evaluation_texts(
    encoder: Encoder, tiny_corpus: list[Document], own_cache: Path
) -> None:
    search = QuestionSearch(tiny_corpus, Bm25Params(), encoder, LENGTHS)
    queries = search.queries(["하늘은 왜 파란가요?", "용암은 어디에서 나오나요?"])
    near, far = search.evaluation_cosines(queries, ["하늘이 파란 이유는 무엇인가요?"])
    assert near is not None
    assert far is not None
    assert near > 0.93 > far
    assert search.evaluation_cosines(queries, []) == [None, None]
