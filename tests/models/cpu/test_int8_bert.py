"""BERT in int8 against the same model in float32, alone and among others, at one and two threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from tests.models.precisions import skip_without
from tests.models.small_berts import bert, roberta
from transformers import DistilBertConfig, DistilBertModel

from sunwi.models.cpu import int8_bert
from sunwi.models.cpu.int8_bert import Int8Bert
from sunwi.models.cpu.int8_linear import Int8Linear
from sunwi.models.cpu.int8_model import quantize

LENGTHS = (48, 41, 33, 48, 36)  # of the rows of one batch


@pytest.fixture(autouse=True)
def _needs_vnni() -> None:
    skip_without("int8")


@pytest.fixture(autouse=True)
def _own_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def batch(pad: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, [5, 48]."""
    mask = (torch.arange(48)[None] < torch.tensor(LENGTHS)[:, None]).long()
    ids = torch.randint(3, 60, (5, 48), generator=torch.Generator().manual_seed(1))
    return ids.where(mask == 1, torch.tensor(pad)), mask


def hidden(model: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return found


@pytest.mark.parametrize(("make", "pad"), [(bert, 0), (roberta, 1)])
def test_it_is_close_to_float32(make: Any, pad: int) -> None:
    ids, mask = batch(pad)
    exact = hidden(make(), ids, mask)
    quantized = quantize(make())
    assert isinstance(quantized, Int8Bert)
    cosine = torch.nn.functional.cosine_similarity(exact, hidden(quantized, ids, mask), dim=-1)
    assert cosine[mask == 1].min() > 0.999


def test_a_row_has_the_same_bytes_alone_and_among_others_at_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = quantize(bert())
    ids, mask = batch()
    together = hidden(model, ids, mask).numpy().tobytes()
    for threads in (1, 2):
        for tokens in (48, 96, 1024):  # one row a part, two, all that fall to a thread
            torch.set_num_threads(threads)
            monkeypatch.setattr(int8_bert, "TOKENS", tokens)
            assert hidden(model, ids, mask).numpy().tobytes() == together
        rows = (hidden(model, ids[at : at + 1], mask[at : at + 1]) for at in range(5))
        assert torch.cat(list(rows)).numpy().tobytes() == together


def test_what_stands_in_the_padding_does_not_reach_a_token() -> None:
    model = quantize(bert())
    ids, mask = batch()
    other = ids.where(mask == 1, torch.tensor(7))
    assert torch.equal(hidden(model, ids, mask)[mask == 1], hidden(model, other, mask)[mask == 1])


def test_it_computes_what_the_layers_alone_in_int8_compute() -> None:
    from sunwi.models.cpu.int8_linear import quantize_linears

    ids, mask = batch()
    alone = hidden(quantize_linears(bert()), ids, mask)
    found = hidden(quantize(bert()), ids, mask)
    torch.testing.assert_close(found[mask == 1], alone[mask == 1], rtol=0, atol=2e-2)


@pytest.mark.parametrize(
    "changed", [{"hidden_act": "gelu_new"}, {"hidden_act": "relu"}, {"is_decoder": True}]
)
def test_a_bert_of_another_kind_has_its_linear_layers_in_int8(changed: dict[str, Any]) -> None:
    ids, mask = batch()
    quantized = quantize(bert(**changed))
    assert not isinstance(quantized, Int8Bert)
    assert any(isinstance(module, Int8Linear) for module in quantized.modules())
    cosine = torch.nn.functional.cosine_similarity(
        hidden(bert(**changed), ids, mask), hidden(quantized, ids, mask), dim=-1
    )
    assert cosine[mask == 1].min() > 0.999


def test_another_architecture_has_its_linear_layers_in_int8() -> None:
    torch.manual_seed(3)
    config = DistilBertConfig(vocab_size=60, dim=64, n_layers=2, n_heads=4, hidden_dim=128)
    model = DistilBertModel(config).eval()
    ids, mask = batch()
    exact = hidden(model, ids, mask)
    quantized = quantize(model)
    assert not isinstance(quantized, Int8Bert)
    cosine = torch.nn.functional.cosine_similarity(exact, hidden(quantized, ids, mask), dim=-1)
    assert cosine[mask == 1].min() > 0.999
