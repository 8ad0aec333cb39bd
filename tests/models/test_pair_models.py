"""Late interaction and cross-encoders: brute force, caches, refusals."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sunwi.cache import RowCache
from sunwi.errors import ModelError
from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.encoder import Encoder
from sunwi.models.hidden_states import HiddenStates
from sunwi.models.late_interaction import LateInteraction, maxsim
from sunwi.models.resolver import resolve

PAIRS = [("물 빛", "산소 힘 지진"), ("달", "바다"), ("물 빛", "바다"), ("달", "산소 힘 지진"), ("달", "바다")]


def test_maxsim_by_hand() -> None:
    query = np.array([[1, 0], [0, 1]], dtype=np.float32)
    passage = np.array([[0.6, 0.8], [1, 0], [-1, 0]], dtype=np.float32)
    assert maxsim(query, passage) == pytest.approx((1.0 + 0.8) / 2)


def test_late_interaction_equals_brute_force(tiny_bert: Path, own_cache: Path) -> None:
    encoder = Encoder(resolve(str(tiny_bert)))
    scores = LateInteraction(encoder, 8, 16).score(PAIRS)
    for (query, passage), score in zip(PAIRS, scores, strict=True):
        (asked,), (read,) = (
            encoder.token_vectors([query], "query", 8),
            encoder.token_vectors([passage], "passage", 16),
        )
        asked, read = asked.astype(np.float32), read.astype(np.float32)
        best = [max(float(token @ other) for other in read) for token in asked]
        assert score == pytest.approx(sum(best) / len(best), abs=1e-5)
    with RowCache("late_interaction") as cache:
        assert len(cache) == 4  # the repeated pair once


def test_a_text_of_earlier_pairs_is_not_encoded_again(
    tiny_bert: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Encoder(resolve(str(tiny_bert)))
    alone = LateInteraction(encoder, 8, 16).fresh(PAIRS)
    encoded: list[str] = []

    def recording(whole: Callable[..., Any]) -> Callable[..., Any]:
        return lambda texts, *how: encoded.extend(texts) or whole(texts, *how)

    for name in ("token_vectors", "kept_token_vectors"):  # of queries, of passages
        monkeypatch.setattr(encoder, name, recording(getattr(encoder, name)))
    scorer = LateInteraction(encoder, 8, 16)
    assert scorer.encoder is encoder
    parts = [scorer.score(PAIRS[:2]), scorer.score(PAIRS[2:])]
    np.testing.assert_array_equal(np.concatenate(parts), alone)
    assert sorted(encoded) == sorted({text for pair in PAIRS for text in pair})
    monkeypatch.setattr(LateInteraction, "REMEMBERED", 0)  # none fits: the same scores
    np.testing.assert_array_equal(LateInteraction(encoder, 8, 16)._remembering(PAIRS), alone)


def test_a_passage_of_dense_search_is_not_encoded_for_maxsim(
    tiny_bert: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = resolve(str(tiny_bert))
    alone = LateInteraction(Encoder(info), 8, 16).fresh(PAIRS)
    Encoder(info).encode(sorted({passage for _, passage in PAIRS}), "passage", 16)
    batches: list[list[str]] = []
    whole = HiddenStates.of_batch
    monkeypatch.setattr(
        HiddenStates, "of_batch", lambda own, batch: batches.append(batch[0]) or whole(own, batch)
    )
    np.testing.assert_array_equal(LateInteraction(Encoder(info), 8, 16).score(PAIRS), alone)
    assert sum(map(len, batches)) == len({query for query, _ in PAIRS})
    unasked = Encoder(info)
    unasked.encode(["힘"], "passage", 16, keep_tokens=False)
    batches.clear()
    unasked.kept_token_vectors(["힘"], 16)
    assert len(batches) == 1
    monkeypatch.setenv("SUNWI_TOKEN_VECTORS_GIB", "0")
    shutil.rmtree(own_cache)  # the pairs' scores too
    np.testing.assert_array_equal(LateInteraction(Encoder(info), 8, 16).score(PAIRS), alone)
    assert not (own_cache / "token_vectors").exists()


def test_scores_of_other_prefixes_are_other_rows(tiny_bert: Path, own_cache: Path) -> None:
    from sunwi.models.builtin import write_pooling

    plain = LateInteraction(Encoder(resolve(str(tiny_bert))), 8, 16).score(PAIRS[:1])
    write_pooling(tiny_bert, 8, "mean", "한글 ", "지진 ", 16)  # the weights, so the content hash, stay
    prefixed = LateInteraction(Encoder(resolve(str(tiny_bert))), 8, 16).score(PAIRS[:1])
    assert plain != prefixed


def reference_logits(folder: Path, pairs: list[tuple[str, str]]) -> list[float]:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        return [float(model(**tokenizer(*pair, return_tensors="pt")).logits) for pair in pairs]


def test_a_cross_encoder_scores_each_pair_as_if_alone(tiny_reranker: Path, own_cache: Path) -> None:
    scores = CrossEncoder(tiny_reranker, max_length=16, batch_size=3).score(PAIRS)
    np.testing.assert_allclose(scores, reference_logits(tiny_reranker, PAIRS), atol=1e-5)
    assert len(set(scores.tolist())) == 4


def test_cross_encoder_scores_are_cached(tiny_reranker: Path, own_cache: Path) -> None:
    first = CrossEncoder(tiny_reranker, max_length=16)
    scores = first.score(PAIRS)
    again = CrossEncoder(tiny_reranker, max_length=16)
    np.testing.assert_array_equal(again.score(PAIRS[::-1]), scores[::-1])
    assert again._loaded is None
    assert CrossEncoder(tiny_reranker, max_length=12).score(PAIRS).shape == (5,)
    with RowCache("cross_encoder") as cache:
        assert len(cache) == 8  # the length is part of the key
    assert first.score([]).shape == (0,)


def test_a_query_longer_than_the_window_is_cut(tiny_reranker: Path, own_cache: Path) -> None:
    (score,) = CrossEncoder(tiny_reranker, max_length=16).score([("물 " * 40, "빛 " * 40)])
    assert np.isfinite(score)


def test_an_encoder_is_no_cross_encoder(tiny_bert: Path, own_cache: Path) -> None:
    with pytest.raises(ModelError, match="one label, found 2"):
        CrossEncoder(tiny_bert, max_length=16).score(PAIRS)
