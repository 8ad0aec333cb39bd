from __future__ import annotations

import numpy as np
import pytest

from sunwi.models.encoder import Encoder
from sunwi.models.spec import ModelInfo
from sunwi.params.encoder import EncoderParams
from sunwi.train.embedder.groups import Group
from sunwi.train.embedder.guide import Guide

LIMITS = EncoderParams(max_length=16, query_max_length=16)


def groups() -> list[Group]:
    """Question a's best passage stands in b's group as a negative."""
    return [
        Group("a", "말0 말1", ["말5 말6", "말7"], [1.0, 0.0]),
        Group("b", "말9 말8", ["말9 말8", "말0 말1"], [1.0, 0.0]),
    ]


def test_what_the_guide_ranks_above_the_positive_is_masked(
    tiny_models: dict[str, ModelInfo], own_cache: object
) -> None:
    batch = groups()
    guide = Guide(Encoder(tiny_models["bert"]), batch, LIMITS, margin=0.0)
    mask = guide.allowed(batch)
    assert mask[:, :].shape == (2, 4)
    assert not mask[0, 3]  # the same text as the question, cosine 1
    assert mask[0, :2].all()  # a question's own group stays,
    assert mask[1, 2:].all()
    encoder = Encoder(tiny_models["bert"])
    queries = encoder.encode([group.query for group in batch], "query", 16).astype(np.float32)
    passages = encoder.encode([text for group in batch for text in group.passages], "passage", 16)
    cosine = queries @ passages.astype(np.float32).T
    assert mask[0, 2] == (cosine[0, 2] <= cosine[0, 0])


@pytest.mark.parametrize(("margin", "kept"), [(0.0, 4), (2.5, 2)])
def test_a_margin_masks_more(
    tiny_models: dict[str, ModelInfo], own_cache: object, margin: float, kept: int
) -> None:
    batch = groups()
    mask = Guide(Encoder(tiny_models["bert"]), batch, LIMITS, margin).allowed(batch)
    assert mask[1].sum() == kept  # question b's positive is its own text: nothing beats it but a margin
