"""Sentence vectors: a passage is as near as its best sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.search.index.sentence_store import load_sentences, save_sentences
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.sentences import SentenceRetriever


def test_the_best_sentence_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8], [-1, 0], [0, -1]], dtype=np.float16)
    queries = QueryBatch(["x", "y"], ["?", "?"], [[], []], np.array([[1, 0], [0, 1]], dtype=np.float16))
    index = SentenceRetriever(vectors, np.array([0, 0, 1, 2, 2]), 3)
    expected = [[1.0, 0.6, 0.0], [1.0, 0.8, 0.0]]
    np.testing.assert_allclose(index.scores(queries), expected, atol=1e-3)
    monkeypatch.setattr(SentenceRetriever, "BLOCK", 2)
    np.testing.assert_allclose(index.scores(queries), expected, atol=1e-3)


def test_a_passage_without_a_sentence_is_refused() -> None:
    with pytest.raises(DataError, match=r"2 vectors of 2 sentences belong to 1 passages, expected 2"):
        SentenceRetriever(np.zeros((2, 2), dtype=np.float16), np.array([0, 0]), 2)


def test_saved_sentences_find_the_passage(tmp_path: Path, encoder: Encoder) -> None:
    texts = [
        "시장은 아침에 열린다. 강은 남쪽으로 흐른다. 헤모글로빈은 산소를 나른다.",
        "가을에는 잎이 진다. 겨울에는 눈이 온다.",
    ]
    assert save_sentences(tmp_path, texts, encoder, 48) == 5
    vector = encoder.encode(["산소를 나르는 것은?"], "query", 24)
    queries = QueryBatch(["q"], ["?"], [[]], vector)
    (scores,) = load_sentences(tmp_path, 2).scores(queries)
    sentences = encoder.encode(["헤모글로빈은 산소를 나른다."], "passage", 48)
    assert scores[0] == pytest.approx(float(vector[0].astype(float) @ sentences[0].astype(float)), abs=1e-3)
    assert scores[0] > scores[1]
    with pytest.raises(DataError, match=r"no sentence vectors .* sentences\.enabled"):
        load_sentences(tmp_path / "other", 2)
