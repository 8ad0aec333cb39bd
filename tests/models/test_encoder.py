"""The bi-encoder: equal to sentence-transformers, cached by row, independent of order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.models.precisions import skip_without

from sunwi.errors import DataError, ModelError
from sunwi.models.encoder import Encoder
from sunwi.models.pooling import pool
from sunwi.models.resolver import resolve
from sunwi.models.spec import ModelInfo
from sunwi.records.corpus import Document

TEXTS = [
    "식물은 빛으로 무엇을 만드는가?",
    "Ｈ₂O is water; 物 (물).",
    "ㅋㅋㅋ 😀 100%",
    "지각판이 움직이며 쌓인 힘이 풀리면 땅이 흔들린다. " * 20,
]


def test_vectors_equal_those_of_sentence_transformers(encoder: Encoder, own_cache: Path) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(encoder.info.folder), device="cpu")
    reference.max_seq_length = 64
    for side in ("query", "passage"):
        expected = reference.encode(TEXTS, prompt_name=side, normalize_embeddings=True)
        found = encoder.encode(TEXTS, side, 64).astype(np.float32)
        assert np.abs(found - expected).max() < 1e-3
        assert (found * expected).sum(axis=1).min() > 0.9999


def test_only_new_texts_are_encoded(
    builtin_model: ModelInfo, encoder: Encoder, tiny_corpus: list[Document], own_cache: Path
) -> None:
    texts = [document.text for document in tiny_corpus]
    first = encoder.encode(texts[:3], "passage", 32)
    start = (encoder.count.encoded, encoder.count.cached)
    vectors = encoder.encode(texts, "passage", 32)
    assert encoder.count.encoded - start[0] == 5
    assert encoder.count.cached - start[1] == 3
    assert (vectors[:3] == first).all()
    unloaded = Encoder(builtin_model)
    assert (unloaded.encode(texts, "passage", 32) == vectors).all()
    assert unloaded._states.loaded is None  # cached rows need no weights
    assert unloaded.count.encoded == 0


def test_settings_that_change_a_vector_are_part_of_its_key(encoder: Encoder, own_cache: Path) -> None:
    start = encoder.count.encoded
    query = encoder.encode(["달은 왜 뜨는가"], "query", 32)
    passage = encoder.encode(["달은 왜 뜨는가"], "passage", 32)
    short = encoder.encode(["달은 왜 뜨는가"], "query", 8)
    assert encoder.count.encoded - start == 3
    assert not (query == passage).all()
    assert not (query == short).all()


def test_a_vector_has_the_same_bytes_alone_and_among_others(encoder: Encoder) -> None:
    """Else the rows that the cache happens to hold would move low bits of the fresh ones."""
    texts = [f"passage: {text}" for text in TEXTS]
    together = encoder._encode_fresh(texts, 64)
    alone = np.concatenate([encoder._encode_fresh([text], 64) for text in texts])
    backwards = encoder._encode_fresh(texts[::-1], 64)[::-1]
    assert together.tobytes() == alone.tobytes() == np.ascontiguousarray(backwards).tobytes()
    np.testing.assert_allclose(np.linalg.norm(together.astype(np.float32), axis=1), 1.0, atol=1e-3)


def test_repeated_texts_are_encoded_once(encoder: Encoder, own_cache: Path) -> None:
    start = encoder.count.encoded
    vectors = encoder.encode(["조석", "화산", "조석"], "query", 16)
    assert encoder.count.encoded - start == 2
    assert (vectors[0] == vectors[2]).all()


def test_no_text_and_empty_text(encoder: Encoder) -> None:
    assert encoder.encode([], "query", 16).shape == (0, 384)
    with pytest.raises(DataError, match="text 1 of 2 is empty"):
        encoder.encode(["물", " \n"], "query", 16)


def test_more_tokens_than_the_model_reads(tiny_bert: Path, own_cache: Path) -> None:
    with pytest.raises(ModelError, match="reads 16 tokens at most, 17 were asked for"):
        Encoder(resolve(str(tiny_bert))).encode(["물"], "query", 17)


@pytest.mark.parametrize("pooling", ["mean", "cls", "lasttoken"])
def test_padding_does_not_reach_the_vector(tiny_bert: Path, own_cache: Path, pooling: str) -> None:
    from sunwi.models.builtin import write_pooling

    write_pooling(tiny_bert, 8, pooling, "", "", 16)
    info = resolve(str(tiny_bert))  # its tokeniser would pad on the left
    texts = ["물", "물 빛 산소 힘 지진 한글 바다 달"]
    together = Encoder(info)._encode_fresh(texts, 16)
    alone = np.concatenate([Encoder(info)._encode_fresh([text], 16) for text in texts])
    np.testing.assert_allclose(together.astype(np.float32), alone.astype(np.float32), atol=2e-3)


def test_poolings_by_hand() -> None:
    import torch

    hidden = torch.tensor([[[1.0, 0.0], [3.0, 2.0], [9.0, 9.0]]])
    mask = torch.tensor([[1, 1, 0]])
    assert pool(hidden, mask, "mean").tolist() == [[2.0, 1.0]]
    assert pool(hidden, mask, "cls").tolist() == [[1.0, 0.0]]
    assert pool(hidden, mask, "lasttoken").tolist() == [[3.0, 2.0]]


def test_token_vectors_are_unit_vectors_of_the_real_tokens(tiny_bert: Path) -> None:
    found = Encoder(resolve(str(tiny_bert))).token_vectors(["물", "물 빛 산소"], "query", 16)
    assert [matrix.shape for matrix in found] == [(3, 8), (5, 8)]  # with [CLS] and [SEP]
    for matrix in found:
        np.testing.assert_allclose(np.linalg.norm(matrix.astype(np.float32), axis=1), 1.0, atol=5e-4)


def test_int8_loses_little_under_a_key_of_its_own(
    builtin_model: ModelInfo, encoder: Encoder, own_cache: Path
) -> None:
    skip_without("int8")
    quantized = Encoder(builtin_model, precision="int8")
    assert quantized.precision_key == ("3", "int8", "1")  # the others' keys: test_precision.py
    usual, other = (one.encode(TEXTS, "passage", 64).astype(np.float32) for one in (encoder, quantized))
    assert quantized.count.cached == 0
    assert (usual * other).sum(axis=1).min() > 0.998


def test_half_precision_loses_little_and_has_a_key_of_its_own(
    builtin_model: ModelInfo, encoder: Encoder, own_cache: Path
) -> None:
    skip_without("bfloat16")
    half = Encoder(builtin_model, precision="bfloat16")
    if "float32" not in encoder.precision_key:
        pytest.skip("half precision is a GPU's own")
    assert half.precision_key != encoder.precision_key
    usual, other = (one.encode(TEXTS, "query", 32).astype(np.float32) for one in (encoder, half))
    assert (usual * other).sum(axis=1).min() > 0.999
