"""Folders for other libraries: each is loaded by its library and gives the model's own numbers."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder as LibraryCrossEncoder
from sentence_transformers import MultiVectorEncoder, SentenceTransformer
from tests.models.architectures.shapes import CLASSIFIERS, ENCODERS, WORDS, write_encoder, write_weights

from sunwi.errors import ModelError
from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.encoder import Encoder
from sunwi.models.export.pylate import write_pylate
from sunwi.models.export.reranker import export_reranker
from sunwi.models.export.sentence_transformer import write_cross_encoder, write_dense, write_multi_vector
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import resolve

SHAPES = {shape.name: shape for shape in ENCODERS}
TEXTS = [" ".join(WORDS[at : at + 2 + at % 5]) for at in range(8)]
PAIRS = list(zip(TEXTS, reversed(TEXTS), strict=True))
QUERY, PASSAGE = 16, 32


def encoder_folder(path: Path, *, colbert: bool) -> Path:
    write_encoder(path, SHAPES["snowflake-arctic-embed-l-v2.0-ko"])
    if colbert:
        generator = torch.Generator().manual_seed(1)
        weights = {"weight": torch.randn(24, 32, generator=generator), "bias": torch.zeros(24)}
        torch.save(weights, path / "colbert_linear.pt")
    return path


@pytest.mark.parametrize("name", ["snowflake-arctic-embed-l-v2.0-ko", "embeddinggemma-300m"])
def test_a_dense_folder_keeps_prompts_and_layers(tmp_path: Path, name: str) -> None:
    info = resolve(str(write_encoder(tmp_path / name, SHAPES[name])))
    write_dense(info, tmp_path / "out")
    library = SentenceTransformer(str(tmp_path / "out"), device="cpu", trust_remote_code=False)
    own = Encoder(info, precision="float32")
    found = library.encode(TEXTS, prompt=info.query_prefix, normalize_embeddings=True)
    assert np.abs(found - own.exact(TEXTS, "query", PASSAGE)).max() < 1e-5


def test_a_cross_encoder_gives_logits_without_settings(tmp_path: Path) -> None:
    write_weights(tmp_path / "model", CLASSIFIERS[0], "ForSequenceClassification", num_labels=1)
    write_cross_encoder(tmp_path / "model", tmp_path / "out", PASSAGE)
    library = LibraryCrossEncoder(str(tmp_path / "out"), device="cpu", trust_remote_code=False)
    own = CrossEncoder(tmp_path / "model", PASSAGE).score(PAIRS)
    assert own.min() < 0 or own.max() > 1  # else a sigmoid could pass
    assert np.abs(library.predict(PAIRS) - own).max() < 1e-5


@pytest.mark.parametrize("colbert", [False, True])
def test_a_multi_vector_encoder_gives_the_late_interaction(tmp_path: Path, *, colbert: bool) -> None:
    info = resolve(str(encoder_folder(tmp_path / "model", colbert=colbert)))
    write_multi_vector(info, tmp_path / "out", QUERY, PASSAGE)
    library = MultiVectorEncoder(str(tmp_path / "out"), device="cpu", trust_remote_code=False)
    queries = library.encode_query([query for query, _ in PAIRS])
    passages = library.encode_document([passage for _, passage in PAIRS])
    found = library.similarity_pairwise(queries, passages).numpy()
    own = LateInteraction(Encoder(info, precision="float32"), QUERY, PASSAGE).fresh(PAIRS)
    assert np.ptp(own) > 0.01
    assert np.abs(found - own).max() < 2e-4  # token vectors are float16 here


def test_a_pylate_folder_is_read_by_sentence_transformers_too(tmp_path: Path) -> None:
    info = resolve(str(encoder_folder(tmp_path / "model", colbert=False)))
    write_pylate(info, tmp_path / "out", QUERY, PASSAGE)
    library = MultiVectorEncoder(str(tmp_path / "out"), device="cpu", trust_remote_code=False)
    queries = library.encode_query([query for query, _ in PAIRS])
    passages = library.encode_document([passage for _, passage in PAIRS])
    own = LateInteraction(Encoder(info, precision="float32"), QUERY, PASSAGE).fresh(PAIRS)
    for query, passage, score in zip(queries, passages, own, strict=True):
        assert float((query @ passage.T).max(dim=1).values.mean()) == pytest.approx(float(score), abs=2e-4)


PYLATE = """
import json, sys
from pylate.models import ColBERT
pairs = json.load(open(sys.argv[2]))
model = ColBERT(sys.argv[1], device="cpu")
queries = model.encode([pair[0] for pair in pairs], is_query=True, prompt_name="query")
passages = model.encode([pair[1] for pair in pairs], is_query=False, prompt_name="document")
print(json.dumps([float((q @ p.T).max(1).mean()) for q, p in zip(queries, passages)]))
"""


@pytest.mark.skipif("SUNWI_PYLATE_PYTHON" not in os.environ, reason="needs an environment with PyLate 1.6")
def test_pylate_gives_the_late_interaction(tmp_path: Path) -> None:
    """PyLate 1.6 pins older libraries: SUNWI_PYLATE_PYTHON names the Python of an environment of its own."""
    info = resolve(str(encoder_folder(tmp_path / "model", colbert=False)))
    write_pylate(info, tmp_path / "out", QUERY, PASSAGE)
    (tmp_path / "pairs.json").write_text(json.dumps(PAIRS), encoding="utf-8")
    command = [
        os.environ["SUNWI_PYLATE_PYTHON"],
        "-c",
        PYLATE,
        str(tmp_path / "out"),
        str(tmp_path / "pairs.json"),
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, env=environment)
    own = LateInteraction(Encoder(info, precision="float32"), QUERY, PASSAGE).fresh(PAIRS)
    assert np.abs(np.array(json.loads(done.stdout.splitlines()[-1])) - own).max() < 1e-5


def test_a_causal_reranker_is_refused_with_what_serves_it(tmp_path: Path) -> None:
    write_weights(tmp_path / "model", SHAPES["Qwen3-Embedding-0.6B"], "ForCausalLM")
    for write in (
        lambda: export_reranker(tmp_path / "model", tmp_path / "out", PASSAGE),
        lambda: write_cross_encoder(tmp_path / "model", tmp_path / "out", PASSAGE),
    ):
        with pytest.raises(ModelError, match=r"answers yes or no.*vLLM"):
            write()
    assert not (tmp_path / "out").exists()
