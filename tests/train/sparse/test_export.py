"""Every exported form gives the encoder's own weights; the server's names; the bundle, unpacked and run."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sunwi.models.resolver import resolve
from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.models.sparse.export.bundle import pack, server_idf
from sunwi.models.sparse.export.server_model import ServerModel
from sunwi.models.sparse.export.server_tokens import ServerTokens, server_tokens
from sunwi.params.sparse import SparseParams
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.records.files import read_json
from sunwi.runtime import file_hash
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages
from sunwi.train.sparse.export import export_sparse
from sunwi.train.sparse.start import start_encoder

from .conftest import ENGLISH, KOREAN, write_bert

PARAMS = Params(sparse=SparseParams(passage_max_length=8, query_max_length=4, max_terms=3))
TEXTS = [f"{word} {word} {KOREAN[(at + 1) % 10]} ." for at, word in enumerate(KOREAN)]


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
    pool = Passages.of([Document(docid=f"d{at}", content=text) for at, text in enumerate(TEXTS)])
    labels = [LabelledQuestion(f"q{at}", word, (at,), "dev", "x", 0.1) for at, word in enumerate(KOREAN)]
    return Exported(
        encoder, folder / "out", export_sparse(encoder, pool, labels, PARAMS, "name", folder / "out")
    )


def test_onnx_gives_the_encoders_weights_for_any_shape(exported: Exported) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(exported.folder / "onnx" / "model.onnx")
    model = exported.encoder.model
    for rows, tokens in ((1, 3), (4, 9), (2, 16)):
        ids = torch.randint(4, 20, (rows, tokens), generator=torch.Generator().manual_seed(rows))
        mask = torch.ones_like(ids)
        mask[0, tokens // 2 + 1 :] = 0
        found = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
        with torch.no_grad():
            np.testing.assert_allclose(found, model(ids, mask).numpy(), atol=1e-4)


def test_no_source_path_stands_in_the_onnx_file(exported: Exported) -> None:
    content = (exported.folder / "onnx" / "model.onnx").read_bytes()
    assert b".py" not in content


def test_int8_is_smaller_in_weights_and_its_loss_is_told(exported: Exported) -> None:
    import onnx

    graph = onnx.load(exported.folder / "onnx" / "model.int8.onnx").graph
    assert any(node.op_type in {"MatMulInteger", "DynamicQuantizeMatMul"} for node in graph.node)
    told = exported.metrics["onnx_int8"]
    assert 0.9 < told["cosine_least"] <= told["cosine_mean"] <= 1.0001
    assert set(exported.metrics["dev"]) == {
        "questions", "passages", "ndcg10_float32", "ndcg10_int8", "ndcg10_shared_names",
    }  # fmt: skip


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
    output = served(
        input_ids=torch.tensor([encoded.ids]), attention_mask=torch.tensor([encoded.attention_mask])
    )["output"][0]
    assert len(output) == tokenizer.get_vocab_size()
    found = {tokenizer.decode([at]): float(output[at]) for at in torch.nonzero(output).flatten().tolist()}
    vectors = exported.encoder.encode_passages([text], PARAMS.sparse.passage_max_length)
    expected = dict(exported.encoder.top_terms(vectors, 0, 99))
    assert found.keys() == expected.keys()
    assert len(found) == PARAMS.sparse.max_terms
    for name, weight in expected.items():
        assert found[name] == pytest.approx(weight, abs=2e-4)


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
        return "".join(self.TOKENS[at] for at in ids).replace("▁", "")


def test_tokens_that_the_server_cannot_tell_apart_are_found() -> None:
    names = server_tokens(Decoder(), [0, 1, 2, 3, 4])
    assert names == ServerTokens(["서울", "서울", "역", "역", "a"], [0, 0, 1, 1, 2])
    assert names.groups == 3
    assert names.collisions(Decoder.TOKENS) == {"서울": ["▁서울", "서울"], "역": ["역", "▁역"]}


def test_entries_of_one_name_get_their_largest_weight(tmp_path: Path) -> None:
    """Whichever of them the server keeps, the value is the same; the cut comes first."""
    encoder = started(tmp_path / "model")
    group_of = [0, 0, *range(1, len(encoder.token_ids) - 1)]
    server = ServerModel(encoder.model.eval(), encoder.token_ids, group_of, max_terms=4)
    ids = encoder.tokenizer(["물 빛 산소 바다 달 별"], return_tensors="pt")["input_ids"]
    with torch.no_grad():
        own = encoder.model(ids, torch.ones_like(ids))[0]
        found = server(ids, torch.ones_like(ids))["output"][0]
    kept = torch.where(own >= own.topk(4).values[-1], own, 0.0)
    expected = kept.clone()
    expected[:2] = kept[:2].max()
    torch.testing.assert_close(found[encoder.token_ids], expected)
    others = sorted(set(range(len(found))) - set(encoder.token_ids))
    assert not found[others].any()


def test_the_idf_of_a_shared_name_is_the_largest(tmp_path: Path) -> None:
    encoder = started(tmp_path / "model")
    names = ServerTokens(["x", "x", *encoder.terms[2:]], [0, 0, *range(1, len(encoder.terms) - 1)])
    first, second = (encoder.idf[at] for at in encoder.token_ids[:2])
    assert server_idf(encoder, names)["x"] == pytest.approx(max(first, second), abs=1e-6)


def test_an_archive_has_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("one.zip", "other.zip"):
        pack(tmp_path / name, {"b": b"2", "a": b"1"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
