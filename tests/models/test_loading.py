"""Model folders from elsewhere: their code never runs, and damaged or incomplete weights are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sunwi.errors import ModelError
from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.encoder import Encoder
from sunwi.models.loading import load_config, load_tokenizer
from sunwi.models.resolver import resolve
from sunwi.params.encoder import EncoderParams
from sunwi.records.corpus import Document
from sunwi.records.files import write_rows

SHORT = EncoderParams(max_length=16, query_max_length=16)
Damage = Callable[[Path], None]


def encode(folder: Path) -> None:
    Encoder.of(resolve(str(folder)), SHORT).encode(["물 빛"], "query", 16)


def score(folder: Path) -> None:
    CrossEncoder(folder, max_length=16).score([("물", "빛")])


def edit(path: Path, **changed: object) -> None:
    content = json.loads(path.read_text(encoding="utf-8")) | changed
    path.write_text(json.dumps(content), encoding="utf-8")


def carry_code(folder: Path, model_type: str, file: str = "config.json") -> Path:
    """A folder whose code, once imported, leaves a file behind; that file's path."""
    trace = folder.parent / "was_run"
    code = f"""
from pathlib import Path
Path({str(trace)!r}).touch()
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
class OwnConfig(BertConfig):
    model_type = {model_type!r}
class OwnModel(BertModel):
    config_class = OwnConfig
class OwnTokenizer(PreTrainedTokenizerFast):
    pass
"""
    (folder / "own.py").write_text(code, encoding="utf-8")
    if file == "config.json":
        classes: dict[str, object] = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
        edit(folder / file, model_type=model_type, auto_map=classes)
    else:
        edit(folder / file, auto_map={"AutoTokenizer": [None, "own.OwnTokenizer"]})
    return trace


@pytest.mark.parametrize("model_type", ["bert", "of_its_own"])
def test_code_of_a_model_folder_never_runs(
    tiny_bert: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, model_type: str
) -> None:
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("it asked on stdin"))
    trace = carry_code(tiny_bert, model_type)
    for read in (encode, score, load_config, load_tokenizer):
        with pytest.raises(
            ModelError, match=r"config.json asks for Python code of its own \(auto_map: Auto.*Next: use"
        ):
            read(tiny_bert)
    assert not trace.exists()


def test_code_of_a_tokeniser_never_runs(tiny_bert: Path, own_cache: Path) -> None:
    trace = carry_code(tiny_bert, "bert", "tokenizer_config.json")
    with pytest.raises(ModelError, match=r"tokenizer_config\.json asks for Python code"):
        encode(tiny_bert)
    assert not trace.exists()


def test_a_module_of_another_package_is_code_too(tiny_bert: Path) -> None:
    rows = [{"idx": 0, "name": "0", "path": "", "type": "own.Transformer"}]
    (tiny_bert / "modules.json").write_text(json.dumps(rows), encoding="utf-8")
    with pytest.raises(ModelError, match=r"own\.Transformer"):
        resolve(str(tiny_bert))


def test_search_answers_no_question_about_code(tiny_bert: Path, tmp_path: Path) -> None:
    """With a `yes |` before it, transformers ran the folder's code."""
    trace = carry_code(tiny_bert, "of_its_own")
    (tmp_path / "params.yaml").write_text("data: {source: raw}\n", encoding="utf-8")
    write_rows(tmp_path / "data/prepared/corpus.jsonl", [Document(docid="d1", content="물은 흐른다.")])
    program = "from sunwi.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "search", "물", "--mode", "dense", "--model", str(tiny_bert)],
        cwd=tmp_path, input="y\n" * 20, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "asks for Python code of its own" in done.stderr
    assert "Next: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not trace.exists()


def without_a_layer(folder: Path) -> None:
    edit(folder / "config.json", num_hidden_layers=2)  # the files hold one


def with_nan(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(folder / "model.safetensors")
    name = next(name for name in sorted(state) if name.endswith("attention.self.query.weight"))
    state[name][0, 0] = float("nan")
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def cut_short(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def no_header(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 4096)


def of_another_shape(folder: Path) -> None:
    edit(folder / "config.json", intermediate_size=24)


def bad_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert",', encoding="utf-8")


def bad_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"version": "1.0"}', encoding="utf-8")


DAMAGES: list[tuple[Damage, str]] = [
    (without_a_layer, r"lack \d+ weights that config.json asks for: .*encoder.layer.1"),
    (with_nan, "1 of its weights hold NaN or infinite numbers: .*query.weight"),
    (cut_short, "its (weights|model.safetensors) cannot be read"),
    (no_header, "its (weights|model.safetensors) cannot be read"),
    (of_another_shape, "its weights cannot be read"),
    (bad_config, "config.json cannot be read"),
    (bad_tokenizer, "its tokeniser cannot be read"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_damaged_models_are_refused(
    tiny_bert: Path, tiny_reranker: Path, own_cache: Path, damage: Damage, message: str
) -> None:
    for folder, read in ((tiny_bert, encode), (tiny_reranker, score)):
        read(folder)
        damage(folder)
        with pytest.raises(ModelError, match=message) as error:
            read(folder)
        assert "Next: copy the model's files again" in str(error.value)


def test_a_reranker_without_its_head_is_refused(tiny_reranker: Path, own_cache: Path) -> None:
    from safetensors.torch import load_file, save_file

    state = {k: v for k, v in load_file(tiny_reranker / "model.safetensors").items() if "classifier" not in k}
    save_file(state, tiny_reranker / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"classifier\.bias, classifier\.weight"):
        score(tiny_reranker)


def test_an_encoder_may_lack_the_pooler_that_no_vector_uses(tiny_bert: Path, own_cache: Path) -> None:
    from safetensors.torch import load_file, save_file

    state = {k: v for k, v in load_file(tiny_bert / "model.safetensors").items() if "pooler" not in k}
    save_file(state, tiny_bert / "model.safetensors", metadata={"format": "pt"})
    encode(tiny_bert)


def test_a_damaged_head_is_refused(tiny_bert: Path, own_cache: Path) -> None:
    (tiny_bert / "sparse_linear.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelError, match=r"sparse_linear\.safetensors cannot be read"):
        Encoder(resolve(str(tiny_bert))).term_weights(["물"], "query", 16)
