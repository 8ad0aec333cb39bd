"""Keys of cached rows: whoever changes one throws every cache of it away."""

from __future__ import annotations

import pytest

from sunwi.models import precision
from sunwi.models.precision import Kernels, Precision, precision_key


@pytest.mark.parametrize(
    ("numbers", "kernels", "expected"),
    [
        ("auto", "torch", ("2", "float32")),
        ("float32", "torch", ("2", "float32")),
        ("float32", "onednn", ("2", "float32", "onednn", "1")),
        ("bfloat16", "torch", ("2", "bfloat16")),
        ("bfloat16", "onednn", ("2", "bfloat16", "onednn", "1")),
        ("int8", "torch", ("2", "int8", "1")),
        ("int8", "onednn", ("2", "int8", "1")),
    ],
)
def test_keys_on_a_cpu(
    monkeypatch: pytest.MonkeyPatch, numbers: Precision, kernels: Kernels, expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(precision, "device_type", lambda: "cpu")
    assert precision_key(numbers, kernels) == expected
