"""The head against transformers' own MLM, the encoder's vectors, saving and loading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sunwi.errors import ModelError
from sunwi.models.resolver import resolve
from sunwi.models.sparse.encoder import SparseEncoder, load_sparse
from sunwi.models.sparse.head import mlm_head
from sunwi.models.sparse.vectors import SparseVectors, expected_flops
from sunwi.models.sparse.vocabulary import restricted_vocabulary
from sunwi.models.spec import ModelInfo
from sunwi.params.sparse import SparseParams
from sunwi.search.passages import Passages
from sunwi.train.sparse.start import start_encoder

from .conftest import ENGLISH, KOREAN, SPECIAL, write_bert

SMALL = SparseParams(passage_max_length=12, query_max_length=8, max_terms=6)


def started(info: ModelInfo, corpus: Passages, params: SparseParams = SMALL) -> SparseEncoder:
    return start_encoder(info, corpus.texts, ENGLISH, params, seed=3)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_an_mlm_gives_splade_max_of_its_own_logits(kind: str, tmp_path: Path, water_corpus: Passages) -> None:
    from transformers import AutoModelForMaskedLM

    folder = write_bert(tmp_path / kind, kind)
    encoder = started(resolve(str(folder)), water_corpus, SparseParams(passage_max_length=12, max_terms=99))
    ids = encoder.tokenizer(water_corpus.texts[0])["input_ids"]
    with torch.no_grad():
        logits = AutoModelForMaskedLM.from_pretrained(folder).eval()(torch.tensor([ids])).logits[0]
    expected = torch.log1p(torch.relu(logits)).amax(dim=0)[encoder.token_ids].numpy()
    actual = encoder.encode_passages(water_corpus.texts[:1], 12).matrix().toarray()[0]
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_a_model_without_mlm_head_has_none(bare: ModelInfo) -> None:
    assert mlm_head(bare, [5, 6]) is None


def test_an_untrained_tied_head_gives_a_text_its_own_tokens(bare: ModelInfo, water_corpus: Passages) -> None:
    encoder = started(bare, water_corpus)
    vectors = encoder.encode_passages(water_corpus.texts, 12)
    for row, word in enumerate(KOREAN):
        strongest = {term for term, _ in encoder.top_terms(vectors, row, 4)}
        assert word in strongest


def test_padding_changes_no_vector(bare: ModelInfo, water_corpus: Passages) -> None:
    encoder = started(bare, water_corpus)
    together = encoder.encode_passages([*water_corpus.texts, "물 빛 산소 힘 지진 한글 바다 달"], 12)
    alone = encoder.encode_passages(water_corpus.texts[:1], 12)
    np.testing.assert_allclose(together.matrix()[:1].toarray(), alone.matrix().toarray(), atol=1e-5)


def test_an_inference_free_query_is_its_tokens_with_their_idf(
    bare: ModelInfo, water_corpus: Passages
) -> None:
    encoder = started(bare, water_corpus)
    actual = encoder.encode_queries(["빛 물 빛 moon"], 8)
    names = dict(encoder.top_terms(actual, 0, 9))
    assert set(names) == {"물", "빛", "moon"}
    # 물 stands in passages 0 and 9 of 10, moon in none: log(1 + (10 - df + .5) / (df + .5))
    assert names["물"] == pytest.approx(np.log(1 + 8.5 / 2.5), abs=1e-4)
    assert names["moon"] == pytest.approx(np.log(1 + 10.5 / 0.5), abs=1e-4)


def test_a_query_without_known_tokens_has_an_empty_vector(bare: ModelInfo, water_corpus: Passages) -> None:
    actual = started(bare, water_corpus).encode_queries(["???", "물"], 8)
    assert np.diff(actual.starts).tolist() == [0, 1]


def test_the_vocabulary_has_letters_only_and_drops_the_rarest(
    bare: ModelInfo, water_corpus: Passages
) -> None:
    tokenizer = started(bare, water_corpus).tokenizer
    texts = ["물 물 . 물", "물 빛 water", "빛 ."]
    chosen = tokenizer.convert_ids_to_tokens(restricted_vocabulary(tokenizer, texts, 99))
    assert set(chosen) == {*KOREAN, "water"}  # Hangul that the texts lack stays; other English does not
    assert not set(chosen) & set(SPECIAL)
    assert set(tokenizer.convert_ids_to_tokens(restricted_vocabulary(tokenizer, texts, 2))) == {"물", "빛"}


def test_a_saved_encoder_gives_the_same_vectors(
    bare: ModelInfo, water_corpus: Passages, tmp_path: Path
) -> None:
    encoder = started(bare, water_corpus)
    encoder.save(bare, tmp_path / "sparse")
    again = load_sparse(tmp_path / "sparse")
    for first, other in (
        (encoder.encode_passages(water_corpus.texts, 12), again.encode_passages(water_corpus.texts, 12)),
        (encoder.encode_queries(["빛 물"], 8), again.encode_queries(["빛 물"], 8)),
    ):
        np.testing.assert_array_equal(first.columns, other.columns)
        np.testing.assert_allclose(first.weights, other.weights, atol=1e-6)
    assert again.terms == encoder.terms


def test_a_folder_without_sparse_encoder_is_refused(bare: ModelInfo) -> None:
    with pytest.raises(ModelError, match=r"there is no sparse encoder in it. Next: set sparse.enabled"):
        load_sparse(bare.folder)


def test_the_largest_weights_are_kept_with_ties_by_column() -> None:
    vectors = SparseVectors.of(np.array([[1, 3, 0, 1, 2], [0, 0, 0, 0, 0]], dtype=np.float32), max_terms=3)
    assert vectors.columns.tolist() == [0, 1, 4]
    assert vectors.weights.tolist() == [1, 3, 2]
    assert vectors.active_terms == 1.5


def test_expected_flops_is_the_mean_number_of_products() -> None:
    drawn = np.random.default_rng(0)
    queries, passages = (drawn.random((rows, 7)).astype(np.float32) for rows in (5, 9))
    queries[queries < 0.5], passages[passages < 0.6] = 0, 0
    products = [np.count_nonzero((q > 0) & (p > 0)) for q in queries for p in passages]
    actual = expected_flops(SparseVectors.of(queries), SparseVectors.of(passages))
    assert actual == pytest.approx(np.mean(products))
