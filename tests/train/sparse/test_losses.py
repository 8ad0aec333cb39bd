"""Every loss on tensors that were worked by hand."""

from __future__ import annotations

import math

import pytest
import torch

from sunwi.train.sparse import losses

SCORES = torch.tensor([[2.0, 1.0, 0.0, 0.0], [1.0, 0.0, 3.0, 3.0]])  # 2 questions, groups of 2


def test_contrastive() -> None:
    first = -math.log(math.exp(2) / (math.exp(2) + math.exp(1) + 2))
    second = -math.log(math.exp(3) / (math.exp(1) + 1 + 2 * math.exp(3)))
    assert losses.contrastive_loss(SCORES).item() == pytest.approx((first + second) / 2, rel=1e-6)


def test_margin() -> None:
    # question 0: 1.5 - 2 + (1, 0, 0) -> .5, 0, 0; question 1: 1.5 - 3 + (1, 0, 3) -> 0, 0, 1.5
    assert losses.margin_loss(SCORES, 1.5).item() == pytest.approx(2.0 / 6)


def test_flops_is_the_sum_of_squared_means() -> None:
    weights = torch.tensor([[1.0, 0.0, 3.0], [3.0, 0.0, 1.0]])
    assert losses.flops_loss(weights).item() == 2.0**2 + 0 + 2.0**2
    # the same mass in one entry of each text costs less when the entries differ
    alike, apart = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.eye(2)
    assert losses.flops_loss(alike).item() == 2 * losses.flops_loss(apart).item()


def test_l1() -> None:
    assert losses.l1_loss(torch.tensor([[1.0, 2.0], [0.0, 1.0]])).item() == 2.0


def test_translation_lifts_entries_that_are_not_active() -> None:
    logits = torch.tensor([[-8.0, 0.5, 3.0], [2.0, -3.0, 0.0], [1.0, 1.0, 1.0]], requires_grad=True)
    translation = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    loss = losses.translation_loss(logits, translation)
    # term 0: (log 10 + log 1.5) / 2; term 1: its entry is above the margin; term 2 has no translation
    assert loss.item() == pytest.approx((math.log(10) + math.log(1.5)) / 2 / 3, rel=1e-6)
    loss.backward()
    assert logits.grad[0, 0] < 0
    assert logits.grad[0, 2] == 0
    assert not logits.grad[1:].any()


def test_alignment() -> None:
    korean = torch.tensor([[3.0, 4.0], [1.0, 0.0], [0.0, 0.0]])
    english = torch.tensor([[4.0, 3.0], [0.0, 1.0], [1.0, 1.0]])
    assert losses.alignment_loss(korean, english).item() == pytest.approx(1 - (24 / 25) / 3, rel=1e-5)
