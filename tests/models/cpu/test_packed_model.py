"""Packed weights against the same model by the library's own code."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.models.small_berts import bert, classifier, decoder, distilled, roberta

from sunwi.models.cpu.packed_model import OneByOne, PackedEncoder, independent_classifier, independent_encoder
from sunwi.models.cpu.support import packs

LENGTHS = (48, 5, 33, 48, 36, 1, 33)  # of the rows of one batch


def batch(pad: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, [7, 48]."""
    mask = (torch.arange(48)[None] < torch.tensor(LENGTHS)[:, None]).long()
    ids = torch.randint(3, 60, mask.shape, generator=torch.Generator().manual_seed(1))
    return ids.where(mask == 1, torch.tensor(pad)), mask


def hidden(model: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return found


@pytest.mark.parametrize(
    ("make", "pad", "own"),
    [
        (bert, 0, True),
        (roberta, 1, True),
        (lambda: bert(hidden_act="relu"), 0, False),
        (distilled, 0, False),
        (decoder, 0, False),
    ],
)
def test_it_computes_what_the_model_computes(make: Any, pad: int, own: bool) -> None:
    ids, mask = batch(pad)
    usual = hidden(make(), ids, mask)
    packed = independent_encoder(make())
    assert isinstance(packed, PackedEncoder if own and packs(torch.float32) else OneByOne)
    found = hidden(packed, ids, mask)
    torch.testing.assert_close(found[mask == 1], usual[mask == 1], rtol=1e-4, atol=1e-5)
    assert not found[mask == 0].any()


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilled", "decoder"])
def test_a_classifier_gives_the_same_logits(kind: str) -> None:
    ids, mask = batch(1 if kind == "roberta" else 0)
    inputs = {"input_ids": ids, "attention_mask": mask}
    if kind == "bert":  # the second text of a pair has another type
        inputs["token_type_ids"] = (torch.arange(48)[None] > 3).long() * mask
    with torch.inference_mode():
        usual = classifier(kind)(**inputs).logits
        found = independent_classifier(classifier(kind))(**inputs).logits
    assert found.shape == (7, 1)
    torch.testing.assert_close(found, usual, rtol=1e-4, atol=1e-5)


def test_half_precision_stays_half() -> None:
    if not packs(torch.bfloat16):
        pytest.skip("this CPU has no AVX-512: bfloat16 is refused there")
    ids, mask = batch()
    found = hidden(independent_encoder(bert().to(torch.bfloat16)), ids, mask)
    assert found.dtype == torch.bfloat16
    usual = hidden(bert(), ids, mask)
    cosine = torch.nn.functional.cosine_similarity(usual, found.float(), dim=-1)
    assert cosine[mask == 1].min() > 0.999


@pytest.mark.parametrize("make", [bert, distilled])
def test_a_torch_without_the_operators_runs_row_by_row(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sunwi.models.cpu.packed_model.packs", lambda _: False)
    ids, mask = batch()
    found = hidden(independent_encoder(make()), ids, mask)
    torch.testing.assert_close(found[mask == 1], hidden(make(), ids, mask)[mask == 1], rtol=1e-4, atol=1e-5)
