"""Packed weights against the same model by BLAS, alone and among others, at one and two threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from tests.models.small_berts import SIZES, bert, roberta
from transformers import DistilBertConfig, DistilBertModel, PreTrainedModel, Qwen3Config, Qwen3Model

from sunwi.errors import ModelError
from sunwi.models import exact_lengths
from sunwi.models.packed_bert import PackedBert
from sunwi.models.packed_model import pack

LENGTHS = (48, 5, 33, 48, 36, 1, 33)  # of the rows of one batch


@pytest.fixture(autouse=True)
def _own_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def distilled() -> PreTrainedModel:
    torch.manual_seed(3)
    config = DistilBertConfig(vocab_size=60, dim=64, n_layers=2, n_heads=4, hidden_dim=128)
    return DistilBertModel(config).eval()


def decoder() -> PreTrainedModel:
    torch.manual_seed(3)
    return Qwen3Model(Qwen3Config(**SIZES, num_key_value_heads=2, head_dim=16)).eval()


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
    packed = pack(make(), "m")
    assert isinstance(packed.hidden, PackedBert) == own
    found = hidden(packed, ids, mask)
    torch.testing.assert_close(found[mask == 1], usual[mask == 1], rtol=1e-4, atol=1e-5)
    assert not found[mask == 0].any()


def test_half_precision_stays_half() -> None:
    ids, mask = batch()
    found = hidden(pack(bert().to(torch.bfloat16), "m"), ids, mask)
    assert found.dtype == torch.bfloat16
    usual = hidden(bert(), ids, mask)
    cosine = torch.nn.functional.cosine_similarity(usual, found.float(), dim=-1)
    assert cosine[mask == 1].min() > 0.999


@pytest.mark.parametrize("make", [bert, distilled])
def test_a_row_has_the_same_bytes_alone_and_among_others_at_any_number_of_threads(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = pack(make(), "m")
    ids, mask = batch()
    together = hidden(model, ids, mask).numpy().tobytes()
    for threads in (1, 2) if make is bert else (torch.get_num_threads(),):
        for tokens in (48, 96, 1024):  # one row a part, two, all of one length
            torch.set_num_threads(threads)
            monkeypatch.setattr(exact_lengths, "TOKENS", tokens)
            assert hidden(model, ids, mask).numpy().tobytes() == together
        rows = (hidden(model, ids[at : at + 1], mask[at : at + 1]) for at in range(len(LENGTHS)))
        assert torch.cat(list(rows)).numpy().tobytes() == together


def test_a_torch_without_the_operators_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    with pytest.raises(ModelError, match=r"encoder\.kernels is onednn, which this build of torch lacks"):
        pack(bert(), "m")
