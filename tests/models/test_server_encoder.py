"""The archive that OpenSearch's ML Commons runs gives the local vectors, with the prefix added there."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.train.sparse.conftest import write_bert
from tokenizers import Tokenizer

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.models.server.encoder import ARCHIVE, BODY, write_server_encoder
from sunwi.runtime import file_hash

TEXTS = ["빛 산소", "지진", " 물  바다 .", "달 별 불 힘 한글 빛 물 바다 산소 지진 달"]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("side", ["query", "passage"])
def test_the_servers_way_gives_the_local_vectors(side, pooling, tmp_path: Path) -> None:
    info = replace(
        resolve(str(write_bert(tmp_path / "model", "bare"))),
        pooling=pooling, query_prefix="물 ", passage_prefix="",
    )  # fmt: skip
    encoder = Encoder(info, precision="float32")
    write_server_encoder(encoder, side, 8, "name", tmp_path / "out")
    body = json.loads((tmp_path / "out" / BODY).read_text(encoding="utf-8"))
    assert body["model_content_hash_value"] == file_hash(tmp_path / "out" / ARCHIVE)
    assert (body["function_name"], body["model_config"]["embedding_dimension"]) == ("TEXT_EMBEDDING", 16)
    with zipfile.ZipFile(tmp_path / "out" / ARCHIVE) as archive:
        assert sorted(archive.namelist()) == ["encoder.pt", "tokenizer.json"]
        archive.extractall(tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    graph = torch.jit.load(str(tmp_path / "encoder.pt"))
    expected = encoder.exact(TEXTS, side, 8)
    for text, vector in zip(TEXTS, expected, strict=True):
        encoded = tokenizer.encode(text)
        assert len(encoded.ids) <= 8
        inputs = {
            "input_ids": torch.tensor([encoded.ids]),
            "attention_mask": torch.tensor([encoded.attention_mask]),
        }
        with torch.no_grad():
            actual = graph(inputs)["sentence_embedding"][0].numpy()
        np.testing.assert_allclose(actual, vector, atol=2e-6)
