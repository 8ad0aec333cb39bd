"""Ranking losses against hand-worked numbers and laws."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sunwi.train.shared.list_losses import LOSSES

SCORES = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 9.0]])
LABELS = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
TEACHER = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
MASK = torch.tensor([[True, True, True], [True, True, False]])


def loss(kind: str, scores: torch.Tensor = SCORES, mask: torch.Tensor = MASK) -> float:
    return float(LOSSES[kind](scores, TEACHER if kind == "distillation" else LABELS, mask))


def test_binary_by_hand() -> None:
    pairs = [(2.0, 1), (1.0, 0), (0.0, 0), (0.0, 1), (1.0, 0)]
    by_hand = [math.log(1 + math.exp(-score if label else score)) for score, label in pairs]
    assert loss("binary") == pytest.approx(sum(by_hand) / 5, abs=1e-6)


def test_listwise_by_hand() -> None:
    first = -math.log(math.exp(2) / (math.exp(2) + math.exp(1) + 1))
    second = -math.log(1 / (1 + math.exp(1)))
    assert loss("listwise") == pytest.approx((first + second) / 2, abs=1e-6)


def test_ranknet_by_hand() -> None:
    pairs = [math.log(1 + math.exp(-gap)) for gap in (1.0, 2.0, -1.0)]
    assert loss("ranknet") == pytest.approx(sum(pairs) / 3, abs=1e-6)


def test_lambda_weighs_pairs_by_the_ndcg_of_a_swap() -> None:
    first = math.log(1 + math.exp(-1)) * (1 - 1 / math.log2(3)) + math.log(1 + math.exp(-2)) * (1 - 1 / 2)
    second = math.log(1 + math.exp(1)) * (1 - 1 / math.log2(3))
    assert loss("lambda") == pytest.approx((first + second) / 2, abs=1e-6)


def test_distillation_by_hand() -> None:
    teacher = [math.exp(1) / (math.exp(1) + 2), 1 / (math.exp(1) + 2), 1 / (math.exp(1) + 2)]
    total = math.exp(2) + math.exp(1) + 1
    student = [math.exp(2) / total, math.exp(1) / total, 1 / total]
    first = sum(p * math.log(p / q) for p, q in zip(teacher, student, strict=True))
    other = [1 / (1 + math.exp(1)), math.exp(1) / (1 + math.exp(1))]
    second = sum(0.5 * math.log(0.5 / q) for q in other)
    assert loss("distillation") == pytest.approx((first + second) / 2, abs=1e-6)


@given(
    st.sampled_from(sorted(LOSSES)),
    st.floats(-50, 50, allow_nan=False),
    st.floats(-20, 20, allow_nan=False),
)
def test_a_masked_place_counts_nothing_and_a_shift_only_for_binary(
    kind: str, masked: float, shift: float
) -> None:
    scores = SCORES.clone()
    scores[1, 2] = masked
    assert loss(kind, scores) == pytest.approx(loss(kind), abs=1e-5)
    if kind != "binary":
        assert loss(kind, scores + shift) == pytest.approx(loss(kind), abs=1e-4)


@pytest.mark.parametrize("kind", sorted(LOSSES))
def test_the_gradient_lifts_the_positive_over_the_first_negative(kind: str) -> None:
    scores = SCORES.clone().requires_grad_()
    LOSSES[kind](scores, TEACHER if kind == "distillation" else LABELS, MASK).backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()
    assert float(scores.grad[1, 0]) < 0 < float(scores.grad[1, 1])


def test_a_teacher_that_does_not_know_the_places_that_fill_a_short_group() -> None:
    unknown = float("-inf")
    scores = torch.tensor([[1.0, 0.0, 0.3]], requires_grad=True)
    teacher = torch.tensor([[0.5, 0.0, unknown]])
    value = LOSSES["distillation"](scores, teacher, teacher.isfinite())
    short = LOSSES["distillation"](scores[:, :2], teacher[:, :2], torch.ones(1, 2, dtype=torch.bool))
    assert value.item() == pytest.approx(short.item())
    value.backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()
