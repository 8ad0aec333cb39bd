"""Int8 layers against the float32 layers that they stand for, by bounds that follow from the rounding."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.precisions import skip_without

from sunwi.models.cpu.int8_linear import quantize_linears


@pytest.fixture(autouse=True)
def _needs_vnni() -> None:
    skip_without("int8")


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3), st.booleans())
def test_the_error_is_within_what_rounding_allows(seed: int, size: float, has_bias: bool) -> None:
    """|y - y'| <= sum |x| ds_w / 2 + sum |w'| ds_x / 2, with steps max|w| / 127 and max|x| / 127."""
    import torch

    torch.manual_seed(seed)
    linear = torch.nn.Linear(48, 20, bias=has_bias)
    hidden = torch.randn(2, 5, 48) * size
    exact = linear(hidden)
    weight = linear.weight.detach()
    steps = weight.abs().amax(1) / 127
    model = quantize_linears(torch.nn.Sequential(linear))
    with torch.inference_mode():
        found = model(hidden.clone())
    of_weights = hidden.abs().sum(-1, keepdim=True) * steps / 2
    of_tokens = hidden.abs().amax(-1, keepdim=True) / 127 / 2 * (weight.abs() + steps[:, None]).sum(1)
    assert ((found - exact).abs() <= (of_weights + of_tokens) * 1.001 + 1e-5 * size).all()


def test_whole_numbers_within_the_range_are_exact() -> None:
    """Weights and tokens that are whole, with 127 as the largest of each, lose nothing."""
    import torch

    linear = torch.nn.Linear(4, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[127.0, -3, 0, 5], [1, 2, -127, 4]]))
        linear.bias.copy_(torch.tensor([0.5, -1.0]))
    model = quantize_linears(torch.nn.Sequential(linear))
    found = model(torch.tensor([[127.0, 1, 2, -3], [0, 0, 0, 0], [-127, 127, 0, 1]]))
    expected = [[127 * 127 - 3 - 15 + 0.5, 127 + 2 - 254 - 12 - 1], [0.5, -1.0],
                [-127 * 127 - 381 + 5 + 0.5, -127 + 254 + 4 - 1]]  # fmt: skip
    torch.testing.assert_close(found, torch.tensor(expected), rtol=1e-5, atol=1e-3)


def test_a_bert_layer_keeps_its_gelu() -> None:
    """The first feed-forward matrix takes GELU over, the second one its offset: both sides agree closely."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=30, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    ids = torch.randint(0, 30, (3, 7))
    with torch.inference_mode():
        exact = model(input_ids=ids).last_hidden_state
        found = quantize_linears(model)(input_ids=ids).last_hidden_state
    assert torch.nn.functional.cosine_similarity(exact, found, dim=-1).min() > 0.999
