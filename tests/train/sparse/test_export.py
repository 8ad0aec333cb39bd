"""Every exported form gives the encoder's own weights; the server's names; the bundle, unpacked and run."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from sunwi.errors import DataError, InputProblems, ModelError
from sunwi.models.resolver import resolve
from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.models.sparse.export.bundle import pack
from sunwi.models.sparse.export.onnx import FLOAT_FILE, load_onnx
from sunwi.models.sparse.export.reference import REFERENCE_FILE, cosines
from sunwi.models.sparse.export.server_tokens import server_names
from sunwi.params.sparse import SparseParams
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.records.files import read_json, write_lines
from sunwi.runtime import file_hash
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages
from sunwi.train.sparse.export import export_sparse
from sunwi.train.sparse.start import start_encoder

from .conftest import ENGLISH, KOREAN, write_bert

PARAMS = Params(sparse=SparseParams(passage_max_length=8, query_max_length=4, max_terms=3))
TEXTS = [f"{word} {word} {KOREAN[(number + 1) % 10]} ." for number, word in enumerate(KOREAN)]

POOL = Passages.of([Document(docid=f"d{number}", content=text) for number, text in enumerate(TEXTS)])
LABELS = [
    LabelledQuestion(f"q{number}", word, (number,), "dev", "x", 0.1) for number, word in enumerate(KOREAN)
]


@dataclass(frozen=True)
class Exported:
    encoder: SparseEncoder
    folder: Path
    metrics: dict[str, Any]


def started(folder: Path) -> SparseEncoder:
    return start_encoder(resolve(str(write_bert(folder, "bare"))), TEXTS, ENGLISH, PARAMS.sparse, 3)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package, reason="pip install 'sunwi[sparse]'")
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("export")
    encoder = started(folder / "model")
    return Exported(
        encoder, folder / "out", export_sparse(encoder, POOL, LABELS, PARAMS, "name", folder / "out")
    )


def test_onnx_gives_the_encoders_weights_for_any_shape(exported: Exported) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(exported.folder / "onnx" / "model.onnx")
    model = exported.encoder.model
    for rows, tokens in ((1, 3), (4, 9), (2, 16)):
        ids = torch.randint(4, 20, (rows, tokens), generator=torch.Generator().manual_seed(rows))
        mask = torch.ones_like(ids)
        mask[0, tokens // 2 + 1 :] = 0
        actual = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
        with torch.no_grad():
            np.testing.assert_allclose(actual, model(ids, mask).numpy(), atol=1e-4)


def test_no_source_path_stands_in_the_onnx_file(exported: Exported) -> None:
    content = (exported.folder / "onnx" / "model.onnx").read_bytes()
    assert b".py" not in content


def test_int8_is_written_where_it_keeps_the_vectors(exported: Exported) -> None:
    import onnx

    of_int8 = exported.metrics["onnx_int8"]
    assert of_int8["written"] is True
    assert of_int8["cosine_mean"] >= 0.99
    assert 0.95 <= of_int8["cosine_least"] <= of_int8["cosine_mean"] <= 1.0001
    assert set(exported.metrics["dev"]) == {
        "questions", "passages", "ndcg10_float32", "ndcg10_int8",
    }  # fmt: skip
    graph = onnx.load(exported.folder / "onnx" / "model.int8.onnx").graph
    kinds = [node.op_type for node in graph.node]
    assert kinds.count("MatMulInteger") == 6  # of the one layer; the head and attention stay as they are
    assert kinds.count("MatMul") == 4
    weights = [onnx.numpy_helper.to_array(row) for row in graph.initializer if row.name.endswith("/int8")]
    products = [row for row in weights if 16 in row.shape and 32 in row.shape]
    assert products
    assert all(np.abs(row).max() == 63 for row in products)  # 2 * 255 * 63 < 2**15


def test_a_row_in_int8_depends_on_no_other_row(exported: Exported) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(exported.folder / "onnx" / "model.int8.onnx")

    def weights(ids: list[list[int]]) -> npt.NDArray[np.float32]:
        given = np.array(ids, dtype=np.int64)
        mask = (given != 0).astype(np.int64)
        actual: npt.NDArray[np.float32] = session.run(None, {"input_ids": given, "attention_mask": mask})[0]
        return actual

    rows = [[2, number, number + 1, 3, 0, 0] for number in range(5, 15)]
    together = weights(rows)
    for row, ids in zip(together, rows, strict=True):
        np.testing.assert_allclose(weights([ids])[0], row, atol=1e-5)


def test_an_exported_folder_is_loaded_by_its_files_alone(exported: Exported) -> None:
    folder = exported.folder / "onnx"
    expected = exported.encoder.encode_passages([*TEXTS, " ".join(KOREAN)], PARAMS.sparse.passage_max_length)
    whole = load_onnx(folder, FLOAT_FILE, batch_size=3).encode_passages([*TEXTS, " ".join(KOREAN)])
    np.testing.assert_allclose(whole.matrix().toarray(), expected.matrix().toarray(), atol=1e-4)
    small = load_onnx(folder).encode_passages(TEXTS)
    assert cosines(small, exported.encoder.encode_passages(TEXTS, 8)).min() >= 0.95
    assert len(load_onnx(folder).encode_passages([])) == 0


def test_the_reference_holds_texts_with_their_float32_vectors(exported: Exported) -> None:
    rows = [json.loads(line) for line in (exported.folder / "onnx" / REFERENCE_FILE).open(encoding="utf-8")]
    assert [row["text"] for row in rows] == TEXTS  # all of them: there are fewer than 32
    vectors = exported.encoder.encode_passages(TEXTS, PARAMS.sparse.passage_max_length)
    for number, row in enumerate(rows):
        columns, weights = vectors.row(number)
        assert row["columns"] == columns.tolist()
        assert row["weights"] == pytest.approx(weights.tolist(), abs=1e-6)


def test_the_loader_refuses_a_file_whose_vectors_differ_on_this_cpu(
    exported: Exported, tmp_path: Path
) -> None:
    import onnx

    folder = shutil.copytree(exported.folder / "onnx", tmp_path / "onnx")
    model = onnx.load(folder / "model.int8.onnx")
    for row in model.graph.initializer:  # as if the products saturated
        if row.name.endswith("/int8"):
            cut = np.clip(onnx.numpy_helper.to_array(row), -9, 9)
            row.CopyFrom(onnx.numpy_helper.from_array(cut, row.name))
    onnx.save(model, folder / "model.int8.onnx")
    with pytest.raises(ModelError) as refused:
        load_onnx(folder)
    sentence = str(refused.value)
    for part in (
        "model.int8.onnx", "on this processor", "10 texts", "expected 0.99 and 0.95", "use model.onnx",
    ):  # fmt: skip
        assert part in sentence
    load_onnx(folder, FLOAT_FILE)


def test_the_loader_refuses_a_folder_of_two_exports(exported: Exported, tmp_path: Path) -> None:
    folder = shutil.copytree(exported.folder / "onnx", tmp_path / "onnx")
    lines = (folder / REFERENCE_FILE).read_text(encoding="utf-8").splitlines()
    row = json.loads(lines[0])
    write_lines(folder / REFERENCE_FILE, [json.dumps(row | {"columns": [10**6] * len(row["columns"])})])
    with pytest.raises(DataError, match=r"reference\.jsonl: the vector of row 0 does not fit a vocabulary"):
        load_onnx(folder)
    write_lines(folder / REFERENCE_FILE, [])
    with pytest.raises(DataError, match="has no text"):
        load_onnx(folder)
    (folder / REFERENCE_FILE).unlink()
    with pytest.raises(InputProblems, match="does not exist"):
        load_onnx(folder)


def test_below_the_floor_no_int8_is_written_and_the_export_goes_on(tmp_path: Path) -> None:
    """The largest weight of every column meets an input that is always 0: all others round to 0."""
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package, reason="pip install 'sunwi[sparse]'")
    encoder = started(tmp_path / "model")
    layer: Any = encoder.model.encoder.get_submodule("encoder.layer.0")
    with torch.no_grad():
        layer.intermediate.dense.bias[0] = -1e3
        layer.output.dense.weight[:, 0] = 1e4
    out = tmp_path / "out"
    (out / "onnx").mkdir(parents=True)
    (out / "onnx" / "model.int8.onnx").write_bytes(b"of an earlier run")
    metrics = export_sparse(encoder, POOL, LABELS, PARAMS, "name", out)
    of_int8 = metrics["onnx_int8"]
    assert of_int8["written"] is False
    assert of_int8["cosine_least"] < 0.95
    assert "expected 0.99 and 0.95" in of_int8["reason"]
    assert sorted(path.name for path in (out / "onnx").iterdir()) == [
        "model.onnx", "reference.jsonl", "tokenizer.json", "vocabulary.json",
    ]  # fmt: skip
    assert (out / "opensearch" / "encoder.zip").exists()
    with pytest.raises(ModelError, match=r"does not exist; metrics/sparse_export\.json says why"):
        load_onnx(out / "onnx")


def test_the_servers_way_through_the_bundle_gives_the_local_vectors(
    exported: Exported, tmp_path: Path
) -> None:
    """As ML Commons does it: tokenizer.json, the traced graph, names by decoding ids one by one."""
    from tokenizers import Tokenizer

    with zipfile.ZipFile(exported.folder / "opensearch" / "encoder.zip") as archive:
        assert sorted(archive.namelist()) == ["encoder.pt", "tokenizer.json"]
        archive.extractall(tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    served = torch.jit.load(str(tmp_path / "encoder.pt"))
    text = " ".join(KOREAN)  # longer than passage_max_length: the bundle's tokeniser must cut it
    encoded = tokenizer.encode(text)
    inputs = {
        "input_ids": torch.tensor([encoded.ids]),
        "attention_mask": torch.tensor([encoded.attention_mask]),
    }
    output = served(inputs)["output"][0]  # one dict, as DJL hands it over
    assert len(output) == tokenizer.get_vocab_size()
    actual = {
        tokenizer.decode([number]): float(output[number])
        for number in torch.nonzero(output).flatten().tolist()
    }
    vectors = exported.encoder.encode_passages([text], PARAMS.sparse.passage_max_length)
    expected = dict(exported.encoder.top_terms(vectors, 0, 99))
    assert actual.keys() == expected.keys()
    assert len(actual) == PARAMS.sparse.max_terms
    for name, weight in expected.items():
        assert actual[name] == pytest.approx(weight, abs=2e-4)


def test_the_query_side_is_a_table_of_weights(exported: Exported) -> None:
    with zipfile.ZipFile(exported.folder / "opensearch" / "tokenizer.zip") as archive:
        assert sorted(archive.namelist()) == ["idf.json", "tokenizer.json"]
        idf = json.loads(archive.read("idf.json"))
    vectors = exported.encoder.encode_queries(["물 빛"], 8)
    for name, weight in exported.encoder.top_terms(vectors, 0, 9):
        assert idf[name] == pytest.approx(weight, abs=1e-3)


def test_the_requests_name_archives_by_size_and_hash(exported: Exported) -> None:
    for part, function in (("encoder", "SPARSE_ENCODING"), ("tokenizer", "SPARSE_TOKENIZE")):
        body = read_json(exported.folder / "opensearch" / f"register_{part}.json")
        archive = exported.folder / "opensearch" / f"{part}.zip"
        assert body["function_name"] == function
        assert body["model_format"] == "TORCH_SCRIPT"
        assert body["model_content_size_in_bytes"] == archive.stat().st_size
        assert body["model_content_hash_value"] == file_hash(archive)
    index = read_json(exported.folder / "opensearch" / "index.json")
    assert index["mappings"]["properties"]["sparse"] == {"type": "rank_features"}
    assert (exported.folder / "opensearch" / "deploy.py").exists()


class Decoder:
    """Decodes as a SentencePiece tokeniser does: the mark of a word's start is lost."""

    TOKENS = ("▁서울", "서울", "역", "▁역", "a")

    def decode(self, ids: list[int]) -> str:
        return "".join(self.TOKENS[number] for number in ids).replace("▁", "")


def test_names_that_stand_for_several_tokens_are_refused() -> None:
    assert server_names(Decoder(), [0, 2, 4]) == ["서울", "역", "a"]
    with pytest.raises(DataError, match="2 names stand for several tokens, such as '서울'"):
        server_names(Decoder(), [0, 1, 2, 3, 4])


def test_an_archive_has_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("one.zip", "other.zip"):
        pack(tmp_path / name, {"b": b"2", "a": b"1"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
