"""What sentence-transformers reads back gives the encoder's own weights; MLM bases from start to export."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from sunwi.models.resolver import resolve
from sunwi.models.sparse.encoder import SparseEncoder, load_sparse
from sunwi.models.sparse.export.sentence_transformer import has_mlm_form, write_sentence_transformer
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.params.sparse import SparseParams
from sunwi.params.whole import Params
from sunwi.records.mined import MinedRow
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages
from sunwi.train.sparse.bilingual.dictionary import TermPair
from sunwi.train.sparse.export import export_sparse
from sunwi.train.sparse.fit import train_sparse
from sunwi.train.sparse.start import start_encoder

from .conftest import ENGLISH, KOREAN, write_bert

WIDE = SparseParams(passage_max_length=6, query_max_length=4, max_terms=99)


def started(folder: Path, kind: str, corpus: Passages, params: SparseParams) -> SparseEncoder:
    return start_encoder(resolve(str(write_bert(folder, kind))), corpus.texts, ENGLISH, params, seed=3)


def by_token(vectors: SparseVectors, encoder: SparseEncoder) -> np.ndarray:
    """Own vectors as wide as the tokeniser's vocabulary."""
    wide = np.zeros((len(vectors), len(encoder.tokenizer.get_vocab())), dtype=np.float32)
    wide[:, encoder.token_ids] = vectors.matrix().toarray()
    return wide


@pytest.mark.parametrize(
    ("kind", "query"), [("bert", "idf"), ("roberta", "idf"), ("xlm-roberta", "idf"), ("bert", "model")]
)
def test_sentence_transformers_reads_the_same_vectors(
    kind: str, query: str, water_corpus: Passages, tmp_path: Path
) -> None:
    from sentence_transformers import SparseEncoder as Read

    params = WIDE.model_copy(update={"query": query})
    encoder = started(tmp_path / "base", kind, water_corpus, params)
    write_sentence_transformer(encoder, tmp_path / "out", 6, 4)
    read = Read(str(tmp_path / "out"), device="cpu")
    long = [*water_corpus.texts, "물 빛 산소 힘 지진 한글 바다 달 별 불"]  # cut at 6 tokens on both sides
    actual = read.encode_document(long, convert_to_tensor=True).to_dense().numpy()
    np.testing.assert_allclose(actual, by_token(encoder.encode_passages(long, 6), encoder), atol=1e-4)
    requests = ["빛 물 빛 moon", "물", "달 별 불 힘 바다 산소"]
    length = 4 if query == "idf" else 6
    actual = read.encode_query(requests, convert_to_tensor=True).to_dense().numpy()
    np.testing.assert_allclose(actual, by_token(encoder.encode_queries(requests, length), encoder), atol=1e-4)


def test_the_cut_to_the_strongest_terms_is_kept(water_corpus: Passages, tmp_path: Path) -> None:
    from sentence_transformers import SparseEncoder as Read

    encoder = started(tmp_path / "base", "bert", water_corpus, WIDE.model_copy(update={"max_terms": 3}))
    write_sentence_transformer(encoder, tmp_path / "out", 6, 4)
    actual = Read(str(tmp_path / "out"), device="cpu").encode_document(
        water_corpus.texts, convert_to_tensor=True
    )
    dense = actual.to_dense().numpy()
    assert ((dense > 0).sum(axis=1) <= 3).all()
    own = by_token(encoder.encode_passages(water_corpus.texts, 6), encoder)
    np.testing.assert_allclose(dense, own, atol=1e-4)


def test_the_folder_holds_no_path_of_this_machine(water_corpus: Passages, tmp_path: Path) -> None:
    encoder = started(tmp_path / "base", "bert", water_corpus, WIDE)
    write_sentence_transformer(encoder, tmp_path / "out", 6, 4)
    for path in sorted((tmp_path / "out").rglob("*.json")):
        text = path.read_text(encoding="utf-8")
        assert str(tmp_path) not in text, path
        assert tempfile.gettempdir() + "/" not in text, path


def test_a_head_that_adds_the_tokens_own_rows_has_no_such_form(
    water_corpus: Passages, tmp_path: Path
) -> None:
    assert not has_mlm_form(started(tmp_path / "bare", "bare", water_corpus, WIDE))
    assert has_mlm_form(started(tmp_path / "bert", "bert", water_corpus, WIDE))


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
def test_an_mlm_base_goes_from_start_to_every_export(
    kind: str, water_corpus: Passages, water_rows: list[MinedRow], pairs: list[TermPair], tmp_path: Path
) -> None:
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package, reason="pip install 'sunwi[sparse]'")
    params = SparseParams(
        passage_max_length=8, query_max_length=4, max_terms=5, max_steps=4, batch_size=2, warmup_steps=1,
        learning_rate=1e-2, head_learning_rate=1e-2, evaluate_every=2, query="model",
    )  # fmt: skip
    base = resolve(str(write_bert(tmp_path / "base", kind)))
    encoder = start_encoder(base, water_corpus.texts, ENGLISH, params, seed=3)
    start = encoder.encode_passages(water_corpus.texts, 8).matrix().toarray()
    rising = iter(range(9))
    done = train_sparse(
        encoder, water_rows, pairs, params, lambda docid: frozenset({docid}),
        lambda: float(next(rising)), 7, tmp_path / "checkpoints",
    )  # fmt: skip
    assert done.best_step == 4
    encoder.save(base, tmp_path / "sparse")
    again = load_sparse(tmp_path / "sparse")
    trained = encoder.encode_passages(water_corpus.texts, 8).matrix().toarray()
    assert np.abs(trained - start).max() > 0.01
    np.testing.assert_allclose(
        again.encode_passages(water_corpus.texts, 8).matrix().toarray(), trained, atol=1e-6
    )
    labels = [
        LabelledQuestion(f"q{number}", word, (number,), "dev", "x", 0.1) for number, word in enumerate(KOREAN)
    ]
    report = export_sparse(again, water_corpus, labels, Params(sparse=params), "name", tmp_path / "out")
    for form in ("onnx", "torchscript", "sentence_transformers"):
        assert report[form]["largest_difference"] <= 1e-4
