"""From a spec to a folder: what is found, what is refused, what the content hash covers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from sunwi.errors import ModelError
from sunwi.models import builtin
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import content_hash, resolve
from sunwi.models.spec import ModelInfo


def declare(
    folder: Path, pooling: dict[str, object], modules: tuple[str, ...] = ("Transformer", "Pooling")
) -> None:
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    rows = [
        {"idx": at, "path": "", "type": f"sentence_transformers.models.{kind}"}
        for at, kind in enumerate(modules)
    ]
    (folder / "modules.json").write_text(json.dumps(rows))


def test_the_builtin_model(builtin_model: ModelInfo) -> None:
    assert builtin_model.pooling == "mean"
    assert (builtin_model.prefix("query"), builtin_model.prefix("passage")) == ("query: ", "passage: ")
    assert builtin_model.heads == ("dense",)  # no sparse_linear.pt: no lexical head
    assert resolve(str(builtin_model.folder)).content_hash == builtin_model.content_hash


def test_a_folder_has_the_heads_whose_files_it_holds(tiny_bert: Path) -> None:
    assert resolve(str(tiny_bert)).heads == ("dense",)
    (tiny_bert / "sparse_linear.pt").write_bytes(b"x")
    assert resolve(str(tiny_bert)).heads == ("dense", "lexical")
    (tiny_bert / "colbert_linear.pt").write_bytes(b"x")
    assert resolve(str(tiny_bert)).heads == ("dense", "lexical", "colbert")


@pytest.mark.parametrize("mode", ["mean", "cls", "lasttoken"])
def test_pooling_is_read_in_both_forms_of_sentence_transformers(tiny_bert: Path, mode: str) -> None:
    declare(tiny_bert, {"pooling_mode": mode})
    assert resolve(str(tiny_bert)).pooling == mode
    builtin.write_pooling(tiny_bert, 8, mode, "q: ", "p: ", 16)
    info = resolve(str(tiny_bert))
    assert (info.pooling, info.query_prefix, info.passage_prefix) == (mode, "q: ", "p: ")


@pytest.mark.parametrize(
    "pooling",
    [
        {"pooling_mode": "max"},
        {"pooling_mode": ["cls", "mean"]},
        {"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": False},
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True},
    ],
)
def test_another_pooling_is_refused(tiny_bert: Path, pooling: dict[str, object]) -> None:
    declare(tiny_bert, pooling)
    with pytest.raises(ModelError, match="it pools by"):
        resolve(str(tiny_bert))


def test_further_modules_are_refused(tiny_bert: Path) -> None:
    declare(tiny_bert, {"pooling_mode": "mean"}, ("Transformer", "Pooling", "LSTM"))
    with pytest.raises(ModelError, match="LSTM"):
        resolve(str(tiny_bert))


def test_families_without_files_of_their_own(tiny_bert: Path) -> None:
    folder = tiny_bert.rename(tiny_bert.with_name("bge-m3"))
    assert resolve(str(folder)).pooling == "cls"
    folder = folder.rename(folder.with_name("polyglot-ko-1.3b"))
    assert resolve(str(folder)).pooling == "lasttoken"
    folder = folder.rename(folder.with_name("multilingual-e5-base"))
    assert resolve(str(folder)).query_prefix == "query: "


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("models/absent", "no such folder"),
        ("./absent", "no such folder"),
        ("absent", "no such folder"),
        ("builtin/other", "no builtin model"),
        ("nobody/nothing", "neither in the local cache nor downloadable"),  # HF_HUB_OFFLINE is set
    ],
)
def test_what_cannot_be_resolved(spec: str, message: str) -> None:
    with pytest.raises(ModelError, match=message) as error:
        resolve(spec)
    assert f"model '{spec}'" in str(error.value)
    assert "Next: " in str(error.value)


def test_an_unreachable_hub_names_the_offline_model() -> None:
    with pytest.raises(ModelError, match="offline use builtin/multilingual-e5-small"):
        resolve("nobody/nothing")


def test_a_folder_that_is_no_model(tmp_path: Path, tiny_bert: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        resolve(str(tmp_path))
    (tiny_bert / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="neither"):
        resolve(str(tiny_bert))


def test_pickled_weights_are_a_model_too(tiny_bert: Path) -> None:
    import torch
    from safetensors.torch import load_file

    expected = Encoder(resolve(str(tiny_bert))).encode(["물 빛"], "query", 16)
    torch.save(load_file(tiny_bert / "model.safetensors"), tiny_bert / "pytorch_model.bin")
    (tiny_bert / "model.safetensors").unlink()
    info = resolve(str(tiny_bert))
    assert (Encoder(info).encode(["물 빛"], "query", 16) == expected).all()


def test_the_content_hash_covers_every_byte_of_the_weights(tiny_bert: Path) -> None:
    before = content_hash(tiny_bert)
    (tiny_bert / "README.md").write_text("no part of the model")
    assert content_hash(tiny_bert) == before
    data = bytearray((tiny_bert / "model.safetensors").read_bytes())
    data[-1] ^= 1
    time.sleep(0.02)  # a file system's clock is coarse
    (tiny_bert / "model.safetensors").write_bytes(data)
    changed = content_hash(tiny_bert)
    assert changed != before
    (tiny_bert / "sparse_linear.pt").write_bytes(b"head")
    assert content_hash(tiny_bert) not in {before, changed}
