"""ONNX of encoders and rerankers: the graph gives the model's own numbers, in any batch."""

from pathlib import Path

import numpy as np
import pytest
from tests.models.architectures.shapes import CLASSIFIERS, ENCODERS, WORDS, write_encoder, write_weights

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.models.export import parity
from sunwi.models.export.dense import OnnxEncoder
from sunwi.models.export.parity import onnx_encoder, onnx_reranker
from sunwi.models.export.pipeline import ExportSections, export_tuned, pairs_of
from sunwi.models.export.reranker import OnnxReranker
from sunwi.models.resolver import resolve

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

SHAPES = {shape.name: shape for shape in ENCODERS}
TEXTS = [" ".join(WORDS[at % 20 : at % 20 + 1 + at % 7]) for at in range(24)]


@pytest.mark.parametrize("name", ["embeddinggemma-300m", "Qwen3-Embedding-0.6B"])
def test_an_encoder_by_mean_and_dense_layers_and_one_by_its_last_token(tmp_path: Path, name: str) -> None:
    info = resolve(str(write_encoder(tmp_path / name, SHAPES[name])))
    exported = onnx_encoder(info, tmp_path / "onnx", TEXTS, (32, 16), int8=False)
    assert exported.facts["largest_difference"] <= 1e-5
    alone = OnnxEncoder(tmp_path / "onnx", batch_size=1).encode(TEXTS, "query")
    own = Encoder(info, precision="float32").exact(TEXTS, "query", 16)
    assert np.abs(alone - own).max() < 1e-5
    assert list(exported.forms) == ["torch float32", "ONNX float32"]


def test_a_reranker_and_its_int8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_weights(tmp_path / "model", CLASSIFIERS[0], "ForSequenceClassification", num_labels=1)
    pairs = list(zip(TEXTS, reversed(TEXTS), strict=True))
    exported = onnx_reranker(tmp_path / "model", tmp_path / "onnx", pairs, 32)
    assert exported.facts["largest_difference"] <= 1e-5
    assert exported.facts["int8"]["written"]
    assert exported.facts["int8"]["correlation"] > 0.99
    whole, small = (OnnxReranker(tmp_path / "onnx", file) for file in ("model.onnx", "model.int8.onnx"))
    assert 0 < np.abs(whole.score(pairs) - small.score(pairs)).max() < 0.2
    monkeypatch.setattr(parity, "MEAN_FLOOR", 1.1)  # as if int8 were too far
    monkeypatch.setattr(parity, "export_reranker", lambda *_: None)  # the graph is there: 5 seconds
    again = onnx_reranker(tmp_path / "model", tmp_path / "onnx", pairs, 32)
    assert "too far from float32" in again.facts["int8"]["reason"]
    assert not (tmp_path / "onnx/model.int8.onnx").exists()
    with pytest.raises(DataError, match=r"model\.int8\.onnx"):
        OnnxReranker(tmp_path / "onnx", "model.int8.onnx")


def test_a_tuned_reranker_is_written_in_every_form(tmp_path: Path) -> None:
    write_weights(tmp_path / "reranker/merged", CLASSIFIERS[0], "ForSequenceClassification", num_labels=1)
    params, out = ExportSections.model_validate({"train_reranker": {"max_length": 32}}), tmp_path / "out"
    facts = export_tuned("reranker", tmp_path / "reranker", TEXTS, params, out)
    assert facts["largest_difference"] <= 1e-5
    assert facts["int8"]["correlation"] > 0.99
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"onnx/model.onnx", "onnx/model.int8.onnx", "sentence-transformers/config.json"} < files


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="merged holds no model") as refused:
        export_tuned("reranker", tmp_path, TEXTS, ExportSections(), tmp_path / "out")
    assert "take reranker out of `exports`" in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_passage_is_paired_with_its_own_start_and_with_another_passage() -> None:
    assert pairs_of(["a", "b", "c", "d"]) == [("a", "a"), ("b", "c"), ("c", "c"), ("d", "a")]
