from __future__ import annotations

import math

import pytest
import torch
from pydantic import ValidationError

from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.rank_loss import adr_mse


def test_the_loss_over_ranks_by_hand() -> None:
    # teacher's ranks 1, 2; sigmoid(ln 3) = 3/4: approximate ranks 1.75, 1.25
    two = adr_mse(torch.tensor([[0.0, math.log(3)]]), torch.tensor([[0.9, 0.1]]))
    assert float(two) == pytest.approx((0.75**2 / 1 + 0.75**2 / math.log2(3)) / 2)
    # equal student scores: approximate ranks are all 2; teacher's ranks 3, 1, 2
    three = adr_mse(torch.zeros(1, 3), torch.tensor([[0.0, 5.0, 1.0]]))
    assert float(three) == pytest.approx((1 / math.log2(4) + 1 / 1 + 0) / 3)
    right, wrong = torch.tensor([[30.0, 15.0, 0.0]]), torch.tensor([[0.0, 15.0, 30.0]])
    assert float(adr_mse(right, right)) == pytest.approx(0, abs=1e-9)
    assert float(adr_mse(wrong, right)) == pytest.approx((4 / 1 + 0 + 4 / math.log2(4)) / 3, abs=1e-4)


def test_its_gradient_lifts_what_the_teacher_puts_first() -> None:
    scores = torch.zeros(1, 3, requires_grad=True)
    adr_mse(scores, torch.tensor([[3.0, 2.0, 1.0]])).backward()  # type: ignore[no-untyped-call]  # torch's own
    assert scores.grad is not None
    first, second, third = scores.grad[0].tolist()
    assert first < second < third


def test_heads_of_m3_are_not_trained_by_ranks() -> None:
    with pytest.raises(ValidationError, match="kl_div alone"):
        TrainEmbedderParams(method="m3", distill_loss="adr_mse")
