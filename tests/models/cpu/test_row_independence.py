"""A law: a row's bytes are the same alone, among any others, in any order, by any number of threads.

For each precision that this CPU has: encoder rows, pair scores, heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.models.conftest import WORDS
from tests.models.precisions import skip_without
from tests.models.small_berts import WIDE, bert, classifier, decoder, distilled, roberta

from sunwi.models.cpu.int8_model import quantize
from sunwi.models.cpu.packed_model import independent_classifier, independent_encoder
from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.encoder import Encoder
from sunwi.models.heads import colbert_vectors, lexical_weights
from sunwi.models.precision import Precision
from sunwi.models.spec import ModelInfo

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "int8")
ROWS = st.lists(st.integers(1, 60), min_size=1, max_size=14)  # tokens of each row
MANY = [60, 1, 33, 33, 2, 17, 60, 48, 1, 5, 33, 60, 16, 31]  # more than a block of rows


@pytest.fixture(autouse=True)
def _what_this_cpu_has(request: pytest.FixtureRequest) -> None:
    if callspec := getattr(request.node, "callspec", None):
        skip_without(callspec.params.get("precision", "float32"))


@pytest.fixture(autouse=True)
def _own_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@cache
def encoder_of(kind: str, precision: Precision) -> torch.nn.Module:
    makes: dict[str, Callable[[], Any]] = {
        "bert": lambda: bert(**WIDE),
        "roberta": lambda: roberta(**WIDE),
        "distilled": distilled,
        "decoder": decoder,
    }
    model = makes[kind]()
    return (
        quantize(model) if precision == "int8" else independent_encoder(model.to(getattr(torch, precision)))
    )


@cache
def classifier_of(kind: str, precision: Precision) -> torch.nn.Module:
    return independent_classifier(classifier(kind).to(getattr(torch, precision)))


def rows_of(lengths: list[int], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, [rows, tokens to a multiple of 16]: a row's padding is its own."""
    size = -(-max(lengths) // 16) * 16
    mask = (torch.arange(size)[None] < torch.tensor(lengths)[:, None]).long()
    ids = torch.randint(3, 60, mask.shape, generator=torch.Generator().manual_seed(sum(lengths)))
    return ids.where(mask == 1, torch.tensor(pad)), mask


def assert_rows_are_their_own(compute: Callable[..., torch.Tensor], lengths: list[int], pad: int) -> None:
    """`compute` of ids and mask, [rows, ..]: together, in another order, alone, by one thread and by two."""
    ids, mask = rows_of(lengths, pad)
    order = torch.randperm(len(lengths), generator=torch.Generator().manual_seed(len(lengths)))
    with torch.inference_mode():
        torch.set_num_threads(2)
        together = compute(ids, mask)
        assert torch.equal(compute(ids[order], mask[order]), together[order])
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for row in range(len(lengths)):
                assert torch.equal(compute(ids[row : row + 1], mask[row : row + 1])[0], together[row])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", ["bert", "roberta", "distilled", "decoder"])
@settings(max_examples=3)
@given(lengths=ROWS)
@example(lengths=MANY)
def test_states_of_an_encoder(kind: str, precision: Precision, lengths: list[int]) -> None:
    model = encoder_of(kind, precision)

    def states(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = model(input_ids=ids, attention_mask=mask).last_hidden_state
        return found * mask[..., None]  # what stands in the padding is nobody's

    if precision == "int8" and kind in {
        "bert",
        "roberta",
    }:  # it pads: rows of one bucket, as `Encoder` calls it
        lengths = [max(lengths) // 16 * 16 + 1 + length % 15 for length in lengths]
    assert_rows_are_their_own(states, lengths, 1 if kind == "roberta" else 0)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["bert", "roberta", "distilled", "decoder"])
@settings(max_examples=3)
@given(lengths=ROWS)
@example(lengths=MANY)
def test_logits_of_a_cross_encoder(kind: str, precision: Precision, lengths: list[int]) -> None:
    model = classifier_of(kind, precision)

    def logits(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = model(input_ids=ids, attention_mask=mask).logits
        return found

    assert_rows_are_their_own(logits, lengths, 1 if kind == "roberta" else 0)


@settings(max_examples=10)
@given(lengths=ROWS)
def test_weights_of_the_lexical_head_and_vectors_of_the_colbert_head(lengths: list[int]) -> None:
    ids, mask = rows_of(lengths, 0)
    made = torch.Generator().manual_seed(1)
    hidden = torch.randn(*ids.shape, 1024, generator=made)
    lexical = {"weight": torch.randn(1, 1024, generator=made), "bias": torch.zeros(1)}
    colbert = {"weight": torch.randn(64, 1024, generator=made), "bias": torch.zeros(64)}
    weights = lexical_weights(ids, hidden, mask, lexical, {0})
    vectors, _ = colbert_vectors(hidden, mask, colbert)
    for row in range(len(lengths)):
        alone = hidden[row : row + 1], mask[row : row + 1]
        assert lexical_weights(ids[row : row + 1], *alone, lexical, {0}) == [weights[row]]
        assert torch.equal(colbert_vectors(*alone, colbert)[0][0], vectors[row])


TEXTS = [
    "식물은 빛으로 무엇을 만드는가?",
    "Ｈ₂O is water; 物 (물).",
    "ㅋㅋㅋ 😀 100%",
    "물",
    "지각판이 움직이며 쌓인 힘이 풀리면 땅이 흔들린다. " * 20,
    *(f"{'바닷물이 하루 두 번 드나든다. ' * count}" for count in (1, 2, 4, 8)),
]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_vectors_of_the_real_model(builtin_model: ModelInfo, precision: Precision) -> None:
    encoder = Encoder(builtin_model, 7, precision)
    alone = np.concatenate([encoder._encode_fresh([text], 128) for text in TEXTS])
    for batch_size in (3, 32):
        encoder._states.batch_size = batch_size  # the weights are loaded once
        order = np.random.default_rng(batch_size).permutation(len(TEXTS))
        together = encoder._encode_fresh([TEXTS[at] for at in order], 128)
        assert together.tobytes() == alone[order].tobytes(), batch_size


def test_scores_of_pairs(tiny_reranker: Path) -> None:
    passages = [" ".join(WORDS[:count]) for count in range(1, 9)]
    pairs = [(query, passage) for query in ("물", "빛 산소", "힘 지진 바다") for passage in passages]
    model = CrossEncoder(tiny_reranker, 16, batch_size=5)
    together = model._compute(pairs)
    alone = np.concatenate([model._compute([pair]) for pair in pairs])
    backwards = model._compute(pairs[::-1])[::-1]
    assert together.tobytes() == alone.tobytes() == np.ascontiguousarray(backwards).tobytes()
