"""BERT read without transformers against transformers' own model of the same folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.models.small_berts import bert, classifier, decoder, roberta
from transformers import AutoModel, PreTrainedModel

from sunwi.errors import ModelError
from sunwi.models.bert_file import read_bert
from sunwi.models.cpu.bert import is_bert
from sunwi.models.cpu.support import packs
from sunwi.models.spec import ModelInfo

Make = Callable[[], PreTrainedModel]


def folder_of(model: PreTrainedModel, folder: Path) -> Path:
    model.save_pretrained(folder)
    return folder


def edit(folder: Path, **changed: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed), encoding="utf-8")


@pytest.mark.parametrize(
    "make", [bert, roberta, lambda: classifier("bert"), lambda: classifier("roberta")],
    ids=["bert", "roberta", "bert with a head", "roberta with a head"],
)  # fmt: skip
def test_embeddings_and_weights_are_the_librarys(tmp_path: Path, make: Make) -> None:
    folder = folder_of(make(), tmp_path / "model")
    library = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    own = read_bert(folder, torch.float32)
    assert own is not None
    assert is_bert(own)
    state = library.state_dict()
    assert own.state_dict().keys() == state.keys()
    for name, tensor in own.state_dict().items():
        torch.testing.assert_close(tensor, state[name], rtol=0, atol=0)
    ids = torch.randint(0, 60, (5, 12), generator=torch.Generator().manual_seed(1))  # padding's id among them
    types: dict[str, Any] = {"token_type_ids": (torch.arange(12)[None] > 4).long().expand(5, 12)}
    for inputs in ({}, types if library.config.type_vocab_size > 1 else {}):
        with torch.inference_mode():
            expected = library.embeddings(input_ids=ids, **inputs)
            found = own.embeddings(input_ids=ids, **inputs)
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_half_precision_is_that_of_the_library(tmp_path: Path) -> None:
    folder = folder_of(bert(), tmp_path / "model")
    own = read_bert(folder, torch.bfloat16)
    assert own is not None
    library = AutoModel.from_pretrained(folder, dtype=torch.bfloat16, add_pooling_layer=False)
    for name, tensor in library.state_dict().items():
        torch.testing.assert_close(own.state_dict()[name], tensor, rtol=0, atol=0)


@pytest.mark.parametrize(
    "changed",
    [{"hidden_act": "relu"}, {"is_decoder": True}, {"position_embedding_type": "relative_key"},
     {"intermediate_size": 96}, {"quantization_config": {"bits": 8}}, {"num_hidden_layers": 4}],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_what_is_not_plainly_bert_is_left_to_the_library(tmp_path: Path, changed: dict[str, object]) -> None:
    folder = folder_of(bert(), tmp_path / "model")
    assert read_bert(folder, torch.float32) is not None
    edit(folder, **changed)
    assert read_bert(folder, torch.float32) is None


def test_another_architecture_a_lacking_weight_and_an_adapter_are_left_to_it(tmp_path: Path) -> None:
    assert read_bert(folder_of(decoder(), tmp_path / "decoder"), torch.float32) is None
    folder = folder_of(bert(), tmp_path / "model")
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    assert read_bert(folder, torch.float32) is None
    (folder / "adapter_config.json").unlink()
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("encoder.layer.1.output.dense.bias")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    assert read_bert(folder, torch.float32) is None


def test_a_number_that_is_not_finite_is_named(tmp_path: Path) -> None:
    folder = folder_of(bert(), tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    tensors["encoder.layer.2.output.dense.weight"][3, 4] = float("nan")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"encoder\.layer\.2\.output\.dense\.weight"):
        read_bert(folder, torch.float32)


def test_encoding_imports_no_transformers(builtin_model: ModelInfo, own_cache: Path) -> None:
    if not packs(torch.float32):
        pytest.skip("this torch packs no weights: the library's model runs")
    code = """
import sys
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
encoder = Encoder(resolve("builtin/multilingual-e5-small"))
assert encoder.encode(["물은 높은 곳에서 흐른다."], "passage", 64).shape == (1, encoder.dimensions)
print([name for name in ("transformers", "torch._dynamo", "scipy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
