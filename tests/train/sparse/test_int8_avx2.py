"""int8 ONNX on a processor with AVX2 alone, by qemu: `pytest -m qemu`, with Debian's qemu-user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from sunwi.models.resolver import resolve
from sunwi.models.sparse.encoder import SparseEncoder, pad
from sunwi.models.sparse.export.int8 import quantise_int8
from sunwi.models.sparse.export.onnx import OnnxSparseEncoder, export_onnx, write_tokens
from sunwi.models.sparse.export.reference import write_reference
from sunwi.params.sparse import SparseParams
from sunwi.train.sparse.start import start_encoder

from .conftest import ENGLISH, KOREAN, write_bert

pytestmark = pytest.mark.qemu

QEMU = shutil.which("qemu-x86_64") or ""
TEXTS = [f"{word} {word} {KOREAN[(number + 1) % 10]} ." for number, word in enumerate(KOREAN)]
PARAMS = SparseParams(passage_max_length=8, query_max_length=4, max_terms=3)

ENCODE = """
import sys
from pathlib import Path
import numpy as np
from sunwi.models.sparse.export.onnx import OnnxSparseEncoder
ids = np.load(Path(sys.argv[1]) / "ids.npy")
np.save(sys.argv[3], OnnxSparseEncoder(Path(sys.argv[1]), sys.argv[2]).weights(ids))
"""
LOAD = """
import sys
from pathlib import Path
from sunwi.errors import ModelError
from sunwi.models.sparse.export.onnx import load_onnx
try:
    load_onnx(Path(sys.argv[1]), sys.argv[2])
except ModelError as error:
    sys.exit(str(error))
"""


def on_avx2(script: str, *given: object) -> subprocess.CompletedProcess[str]:
    """Run Python on a Haswell: AVX2, without AVX-512 and VNNI."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [QEMU, "-cpu", "Haswell", sys.executable, "-c", script, *map(str, given)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=500)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not QEMU:
        pytest.skip("qemu-x86_64 is missing: apt-get install qemu-user")
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package, reason="pip install 'sunwi[sparse]'")
    from onnxruntime.quantization import QuantType, quantize_dynamic

    actual = tmp_path_factory.mktemp("avx2")
    info = resolve(str(write_bert(actual / "base", "bare")))
    encoder: SparseEncoder = start_encoder(info, TEXTS, ENGLISH, PARAMS, 3)
    rows = encoder.tokenizer(TEXTS, truncation=True, max_length=8)["input_ids"]
    export_onnx(encoder, actual / "model.onnx")
    write_tokens(encoder, actual, 8)
    write_reference(actual, TEXTS, encoder.encode_passages(TEXTS, 8))
    quantise_int8(actual / "model.onnx", actual / "model.int8.onnx", rows)
    quantize_dynamic(
        actual / "model.onnx", actual / "dynamic.onnx", per_channel=True, weight_type=QuantType.QInt8
    )
    np.save(actual / "ids.npy", pad(rows, encoder.tokenizer).numpy())
    return actual


def largest_difference(folder: Path, file: str) -> float:
    """Of a weight, between this CPU and one with AVX2 alone."""
    done = on_avx2(ENCODE, folder, file, folder / "there.npy")
    assert done.returncode == 0, done.stderr
    here: npt.NDArray[np.float32] = OnnxSparseEncoder(folder, file).weights(np.load(folder / "ids.npy"))
    return float(np.abs(np.load(folder / "there.npy") - here).max())


def test_int8_gives_the_same_weights_with_avx2_alone(folder: Path) -> None:
    assert largest_difference(folder, "model.int8.onnx") < 0.05


def test_the_loader_accepts_the_export_there_and_refuses_a_file_that_saturates(folder: Path) -> None:
    accepted = on_avx2(LOAD, folder, "model.int8.onnx")
    assert accepted.returncode == 0, accepted.stderr
    refused = on_avx2(LOAD, folder, "dynamic.onnx")
    assert refused.returncode == 1
    assert "on this processor" in refused.stderr
    assert "use model.onnx" in refused.stderr
