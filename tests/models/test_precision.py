"""Keys of cached rows (whoever changes one throws every cache of it away), and what a machine refuses."""

from __future__ import annotations

import pytest

from sunwi.errors import ModelError
from sunwi.models import precision
from sunwi.models.cpu import support as cpu_support
from sunwi.models.cpu.support import CpuSupport
from sunwi.models.encoder import Encoder
from sunwi.models.precision import Precision, precision_key, require_precision
from sunwi.models.spec import ModelInfo


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("device", ("3", "float32")),
        ("float32", ("3", "float32")),
        ("bfloat16", ("3", "bfloat16")),
        ("int8", ("3", "int8", "1")),
    ],
)
def test_keys_on_a_cpu(
    monkeypatch: pytest.MonkeyPatch, numbers: Precision, expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(precision, "device_type", lambda: "cpu")
    assert precision_key(numbers) == expected


@pytest.mark.parametrize(("numbers", "named"), [("bfloat16", "AVX-512"), ("int8", "AVX512-VNNI")])
def test_what_a_cpu_cannot_do_is_refused_before_any_work(
    builtin_model: ModelInfo, monkeypatch: pytest.MonkeyPatch, numbers: Precision, named: str
) -> None:
    monkeypatch.setattr(precision, "device_type", lambda: "cpu")
    old = CpuSupport(("avx2",), packed_float32=True, packed_bfloat16=False, exact_int8=False)
    monkeypatch.setattr(cpu_support, "cpu_support", lambda: old)
    with pytest.raises(
        ModelError, match=f"{numbers}, which needs {named} of x86; this CPU: avx2.*set encoder.precision"
    ):
        Encoder(builtin_model, precision=numbers)


def test_a_gpu_has_no_int8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "device_type", lambda: "cuda")
    with pytest.raises(ModelError, match="int8, which runs on a CPU alone"):
        require_precision("int8", "m")


@pytest.mark.parametrize("numbers", ["auto", "device", "float32"])
def test_float32_runs_everywhere_and_no_cpu_is_asked(
    monkeypatch: pytest.MonkeyPatch, numbers: Precision
) -> None:
    monkeypatch.setattr(cpu_support, "cpu_support", lambda: pytest.fail("asked"))
    require_precision(numbers, "m")
