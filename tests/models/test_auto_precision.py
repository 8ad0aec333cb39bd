"""What `encoder.precision: auto` picks: a table by instructions, and fixed texts that may refuse."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.models.conftest import write_tiny_bert

from sunwi.models import auto_precision
from sunwi.models import precision as precision_of_device
from sunwi.models.auto_precision import LEAST_COSINE, Encode, Pick, candidates, check_texts, kept_pick, pick
from sunwi.models.cpu import support as cpu_support
from sunwi.models.cpu.support import INSTRUCTIONS, CpuSupport
from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import resolve
from sunwi.models.saving import save_encoder
from sunwi.models.spec import ModelInfo

AMX = CpuSupport(INSTRUCTIONS, packed_float32=True, packed_bfloat16=True, exact_int8=True)
AVX512_BF16 = replace(AMX, instructions=INSTRUCTIONS[:4])
AVX512_VNNI = replace(AMX, instructions=INSTRUCTIONS[:3])
AVX512 = replace(AMX, instructions=INSTRUCTIONS[:2], exact_int8=False)
AVX2 = CpuSupport(INSTRUCTIONS[:1], packed_float32=True, packed_bfloat16=False, exact_int8=False)
OLD = CpuSupport((), packed_float32=False, packed_bfloat16=False, exact_int8=False)


@pytest.fixture
def tiny(tmp_path: Path) -> ModelInfo:
    return resolve(str(write_tiny_bert(tmp_path / "bert", labels=0)))


def with_cosines(cosines: dict[str, float], calls: list[str] | None = None) -> Encode:
    """Vectors of two dimensions: all texts but one agree with float32, the last has the cosine given."""

    def encode(precision: str, texts: Sequence[str]) -> np.ndarray:
        if calls is not None:
            calls.append(precision)
        cosine = cosines.get(precision, 1.0)
        vectors = np.tile([1.0, 0.0], (len(texts), 1))
        vectors[-1] = cosine, np.sqrt(1 - cosine**2)
        return vectors.astype(np.float16)

    return encode


def two_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with a second candidate, to see what the check does after a refusal."""
    table = (("amx_bf16", ("bfloat16", "int8")), ("avx512_vnni", ("int8",)))
    monkeypatch.setattr(auto_precision, "FASTEST", table)


def on(monkeypatch: pytest.MonkeyPatch, support: CpuSupport) -> None:
    monkeypatch.setattr(cpu_support, "cpu_support", lambda: support)
    monkeypatch.setattr(cpu_support.platform, "machine", lambda: "x86_64")


@pytest.mark.parametrize(
    ("support", "expected"),
    [
        (AMX, ("bfloat16",)),  # int8 would run; it is not proved harmless
        (AVX512_BF16, ()),  # bfloat16 would run, slower than float32
        (AVX512_VNNI, ()),
        (AVX512, ()),
        (AVX2, ()),
        (OLD, ()),
        (replace(AMX, packed_bfloat16=False), ()),  # a build of torch without it
        (replace(AMX, exact_int8=False), ("bfloat16",)),
    ],
)
def test_the_table_by_instructions(support: CpuSupport, expected: tuple[str, ...]) -> None:
    assert candidates(support) == expected


@pytest.mark.parametrize(
    ("support", "cosines", "expected", "why"),
    [
        (AMX, {"bfloat16": 0.999, "int8": 0.999}, "bfloat16", "the fastest on this CPU; least cosine 0.99"),
        (AMX, {"bfloat16": 0.875, "int8": 0.999}, "int8", "bfloat16 has 0.875"),
        (AMX, {"bfloat16": 0.875, "int8": 0.75}, "float32", "is below 0.995: bfloat16 0.8750, int8 0.7500"),
        (AMX, {"bfloat16": float("nan"), "int8": 0.75}, "float32", "bfloat16 -1.0"),
        (AVX512_BF16, {"int8": 0.999}, "int8", "fastest"),
        (AVX512_BF16, {"int8": 0.99}, "float32", "int8 0.99"),
        (AVX2, {}, "float32", "nothing is faster than float32 on this CPU: avx2"),
        (OLD, {}, "float32", "x86 without AVX2"),
    ],
)
def test_the_fastest_that_keeps_every_text(
    monkeypatch: pytest.MonkeyPatch,
    tiny: ModelInfo,
    own_cache: Path,
    support: CpuSupport,
    cosines: dict[str, float],
    expected: str,
    why: str,
) -> None:
    on(monkeypatch, support)
    two_candidates(monkeypatch)
    picked = pick(tiny, with_cosines(cosines))
    assert picked.precision == expected
    assert re.search(why, picked.reason)


def test_a_model_without_measured_speeds_keeps_float32(
    monkeypatch: pytest.MonkeyPatch, tiny: ModelInfo, own_cache: Path
) -> None:
    on(monkeypatch, AMX)
    monkeypatch.setattr(auto_precision, "config_value", lambda *_: "llama")
    picked = pick(tiny, lambda *_: pytest.fail("encoded"))
    assert picked.precision == "float32"
    assert "not llama" in picked.reason


def test_the_check_costs_once_for_a_model_and_kind_of_cpu(
    monkeypatch: pytest.MonkeyPatch, tiny: ModelInfo, own_cache: Path, tmp_path: Path
) -> None:
    on(monkeypatch, AMX)
    two_candidates(monkeypatch)
    facts = tmp_path / "cpuinfo"
    facts.write_text("flags\t\t: avx2 avx512f\n", encoding="utf-8")
    monkeypatch.setattr(auto_precision, "CPU_FACTS", facts)
    assert kept_pick(tiny) is None
    assert not own_cache.exists()  # asking writes nothing
    calls: list[str] = []
    first = pick(tiny, with_cosines({"bfloat16": 0.875}, calls))
    assert (first.precision, calls) == ("int8", ["float32", "bfloat16", "int8"])
    assert pick(tiny, lambda *_: pytest.fail("encoded again")) == first == kept_pick(tiny)
    other = replace(tiny, content_hash="other")
    assert pick(other, with_cosines({}, calls)).precision == "bfloat16"
    facts.write_text("flags\t\t: avx2\n", encoding="utf-8")  # the folder moved to another CPU
    on(monkeypatch, AVX2)
    assert pick(tiny, with_cosines({}, calls)).precision == "float32"
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")
    assert kept_pick(tiny) is None


def test_the_texts_have_their_prefixes_and_both_languages(builtin_model: ModelInfo) -> None:
    texts = check_texts(builtin_model)
    assert len(texts) == len(set(texts)) == 20
    assert all(text.startswith(("query: ", "passage: ")) for text in texts)
    assert any("물" in text for text in texts)
    assert any(text.removeprefix("passage: ").isascii() for text in texts)


def test_auto_has_the_rows_and_keys_of_what_it_picked_and_float32_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tiny: ModelInfo, own_cache: Path
) -> None:
    monkeypatch.setattr(precision_of_device, "device_type", lambda: "cpu")
    monkeypatch.setattr("sunwi.models.encoder.device_type", lambda: "cpu")
    if cpu_support.cpu_support().refusal("int8"):
        pytest.skip("this CPU has no int8")
    monkeypatch.setattr("sunwi.models.encoder.pick", lambda *_: Pick("int8", {"int8": 0.999}, "by hand"))
    texts = ["물 빛", "산소 힘 지진"]
    auto, pinned = Encoder(tiny, precision="auto"), Encoder(tiny, precision="int8")
    found = auto.encode(texts, "query", 16)
    assert (auto.count.encoded, auto.precision_key) == (2, pinned.precision_key)
    assert auto.precision_facts == {"precision": "int8", "why": "by hand"}
    assert pinned.encode(texts, "query", 16).tobytes() == found.tobytes()
    assert pinned.count.encoded == 0  # one cache
    late = LateInteraction(auto, 16, 16)
    assert late.encoder.precision_key == Encoder(tiny, precision="float32").precision_key
    exact = Encoder(tiny, precision="float32").token_vectors(texts, "query", 16)
    for tokens, expected in zip(auto.token_vectors(texts, "query", 16), exact, strict=True):
        assert tokens.tobytes() == expected.tobytes()


def test_a_damaged_model_is_refused(builtin_model: ModelInfo, tmp_path: Path, own_cache: Path) -> None:
    """Attention that is all or nothing: the small errors of fewer bits change what a token reads."""
    import torch

    if not candidates(cpu_support.cpu_support()):
        pytest.skip("nothing is faster than float32 here")
    state = dict(load_encoder(builtin_model.folder, torch.float32).state_dict())
    for name, weight in state.items():
        if name.endswith("attention.self.query.weight"):
            state[name] = weight * 30
    save_encoder(builtin_model, state, tmp_path / "damaged")
    damaged = Encoder(resolve(str(tmp_path / "damaged")), precision="auto")
    facts = damaged.precision_facts
    assert facts["precision"] == "float32"
    assert f"is below {LEAST_COSINE}" in facts["why"]
    again = Encoder(resolve(str(tmp_path / "damaged")), precision="auto")
    assert again.precision_facts == facts


def test_the_builtin_model_is_picked_the_same_twice(builtin_model: ModelInfo, own_cache: Path) -> None:
    order = candidates(cpu_support.cpu_support())
    first = Encoder(builtin_model, precision="auto").precision_facts
    assert first["precision"] == (order or ("float32",))[0]
    (own_cache / "precision.sqlite").unlink()
    assert Encoder(builtin_model, precision="auto").precision_facts == first
