"""The encoders that people use today: what is read from their folders, and equal vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.architectures.shapes import ENCODERS, INSTRUCT, WORDS, Shape, write, write_encoder
from tests.train.conftest import alone, mined_rows

from sunwi.errors import ModelError
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.models.saving import save_encoder
from sunwi.params.encoder import EncoderParams
from sunwi.params.train_embedder import TrainEmbedderParams

TEXTS = [" ".join(WORDS[start : start + count]) for start, count in ((0, 3), (5, 1), (2, 14), (9, 6))]
PROMPTS = {shape.name: shape.prompts.get("query", "") for shape in ENCODERS}
PROMPTS["multilingual-e5-large-instruct"] = f"{INSTRUCT} "
IDS = [shape.name for shape in ENCODERS]
LORA = ["q_proj", "v_proj"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("published")
    return {shape.name: write_encoder(root / shape.name, shape) for shape in ENCODERS}


def by_library(folder: Path, texts: list[str], prompt: str) -> Any:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", trust_remote_code=False)
    return model.encode(texts, prompt=prompt, normalize_embeddings=True)


@pytest.mark.parametrize("shape", ENCODERS, ids=IDS)
def test_vectors_are_the_librarys(folders: dict[str, Path], shape: Shape, report_difference: Any) -> None:
    info = resolve(str(folders[shape.name]))
    assert (info.pooling, info.query_prefix) == (shape.pooling, PROMPTS[shape.name])
    assert info.passage_prefix == shape.prompts.get("document", "")
    encoder = Encoder(info, batch_size=3)
    difference = 0.0
    for side, prompt in (("query", info.query_prefix), ("passage", info.passage_prefix)):
        ours = encoder.exact(TEXTS, side, 64)
        assert ours.shape == (len(TEXTS), encoder.dimensions) == (len(TEXTS), (*shape.dense, 32)[-1])
        difference = max(difference, float(np.abs(ours - by_library(info.folder, TEXTS, prompt)).max()))
        assert np.array_equal(encoder.encode(TEXTS, side, 64), ours.astype(np.float16))
    report_difference(shape.name, shape.kind, "vectors", difference)
    assert difference < 1e-5


@pytest.mark.parametrize("shape", ENCODERS, ids=IDS)
def test_a_saved_copy_gives_equal_vectors_in_the_library(
    folders: dict[str, Path], shape: Shape, tmp_path: Path
) -> None:
    info = resolve(str(folders[shape.name]))
    save_encoder(info, None, tmp_path / "saved")
    saved = resolve(str(tmp_path / "saved"))
    assert (saved.pooling, saved.query_prefix, saved.passage_prefix, saved.layers, saved.content_hash) == (
        info.pooling, info.query_prefix, info.passage_prefix, info.layers, info.content_hash,
    )  # fmt: skip
    expected = Encoder(info).exact(TEXTS, "query", 64)
    assert np.abs(by_library(saved.folder, TEXTS, saved.query_prefix) - expected).max() < 1e-5


@pytest.mark.parametrize(
    "name", ["KURE-v1", "Qwen3-Embedding-0.6B", "embeddinggemma-300m", "modernbert-embed"]
)
def test_two_steps_lower_the_loss_and_the_result_loads_elsewhere(
    folders: dict[str, Path], name: str, tmp_path: Path, own_cache: Path
) -> None:
    from sunwi.train.embedder.fit import train_embedder

    info = resolve(str(folders[name]))
    params = TrainEmbedderParams(
        method="decoder" if info.pooling == "lasttoken" else "dense", batch_size=2, group_size=2, max_steps=4,
        warmup_steps=0, learning_rate=5e-3, temperature=0.1, distill=False, schedule="constant_with_warmup",
        lora_target_modules=LORA, lora_dropout=0.0,
    )  # fmt: skip
    rows = mined_rows(2, negatives=1) * 4  # the same batch at each step
    rows = [row.model_copy(update={"qid": f"{row.qid}-{at}"}) for at, row in enumerate(rows)]
    trained = train_embedder(info, rows, params, 3, alone, EncoderParams(max_length=32, query_max_length=32))
    losses = [row["loss"] for row in trained.curve]
    assert losses[2] < losses[0]
    save_encoder(info, trained.state, tmp_path / "tuned")
    tuned = resolve(str(tmp_path / "tuned"))
    ours = Encoder(tuned).exact(TEXTS, "passage", 64)
    assert np.abs(ours - Encoder(info).exact(TEXTS, "passage", 64)).max() > 1e-3
    assert np.abs(ours - by_library(tuned.folder, TEXTS, tuned.passage_prefix)).max() < 1e-5


def test_a_dense_layer_is_part_of_the_models_hash(folders: dict[str, Path], tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(folders["embeddinggemma-300m"], tmp_path / "changed")
    before = resolve(str(folder))
    path = folder / "3_Dense" / "model.safetensors"
    save_file({name: tensor * 2 for name, tensor in load_file(path).items()}, path)
    assert resolve(str(folder)).content_hash != before.content_hash


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activation_function": "torch.nn.modules.activation.Softmax"}, "no plain linear layer"),
        ({"use_residual": True}, "no plain linear layer"),
        ({"module_input_name": "token_embeddings"}, "no plain linear layer"),
    ],
)
def test_dense_layers_of_other_kinds_are_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    folder = write_encoder(tmp_path / "gemma", next(shape for shape in ENCODERS if shape.dense))
    path = folder / "2_Dense" / "config.json"
    write(path, {**json.loads(path.read_text(encoding="utf-8")), **change})
    with pytest.raises(ModelError, match=message):
        resolve(str(folder))


def test_a_model_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    """gte-multilingual-base: its class `NewModel` is Python code of the folder."""
    folder = write_encoder(tmp_path / "gte-multilingual-base", ENCODERS[0])
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    write(
        folder / "config.json",
        {**config, "auto_map": {"AutoModel": "Alibaba-NLP/new-impl--modeling.NewModel"}},
    )
    with pytest.raises(ModelError, match="auto_map: AutoModel"):
        resolve(str(folder))


def test_pooling_without_the_prompt_is_refused(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "model", ENCODERS[0])
    path = folder / "1_Pooling" / "config.json"
    write(path, {**json.loads(path.read_text(encoding="utf-8")), "include_prompt": False})
    with pytest.raises(ModelError, match="include_prompt"):
        resolve(str(folder))


def test_a_dense_layer_without_its_files_is_refused(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "gemma", next(shape for shape in ENCODERS if shape.dense))
    (folder / "3_Dense" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="3_Dense"):
        resolve(str(folder))


def test_gemma_in_float16_is_refused(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """An older GPU's half precision: the model's numbers overflow there."""
    monkeypatch.setattr("sunwi.models.encoder_weights.dtype_name", lambda _: "float16")
    with pytest.raises(ModelError, match=r"encoder\.precision to float32"):
        Encoder(resolve(str(folders["embeddinggemma-300m"]))).exact(TEXTS, "query", 64)
