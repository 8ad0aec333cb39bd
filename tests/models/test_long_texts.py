"""The start of a long text gives the tokens that the whole text would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sunwi.models.cross_encoder import CrossEncoder
from sunwi.models.encoder import Encoder
from sunwi.models.long_texts import CHARACTERS, text_starts
from sunwi.models.resolver import resolve

WINDOW = 8
WORDS = [
    "물",
    " ",
    "\n",
    "산소를 만드는",
    "Photosynthesis",
    "ㅋ" * 70,
    "😀",
    "\u0301",
    ". ",
    "物",
    "\u3000",
    "가나다" * 90,
]
SAME = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def ids_of(tokenizer: Any, text: str) -> list[int]:
    found: list[int] = tokenizer(text, truncation=True, max_length=WINDOW)["input_ids"]
    return found


@SAME
@given(st.lists(st.sampled_from(WORDS), min_size=20, max_size=80))
def test_tokens_are_those_of_the_whole_text(encoder: Encoder, words: list[str]) -> None:
    tokenizer, text = encoder._states.tokenizer, "".join(words)
    (start,) = text_starts(tokenizer, [text], WINDOW)
    assert text.startswith(start)
    assert ids_of(tokenizer, start) == ids_of(tokenizer, text)


@pytest.mark.parametrize("word", ["물 ", "가", "abcdefgh", "산소를 만드는 식물의 잎. ", "😀"])
def test_a_start_is_short(encoder: Encoder, word: str) -> None:
    text = word * (200_000 // len(word))
    tokenizer = encoder._states.tokenizer
    (start,) = text_starts(tokenizer, [text], WINDOW)
    assert len(start) <= CHARACTERS * WINDOW
    assert ids_of(tokenizer, start) == ids_of(tokenizer, text)
    assert text_starts(tokenizer, ["물 빛"], WINDOW) == ["물 빛"]


def test_a_word_that_is_one_token_is_kept_whole(tiny_bert: Path) -> None:
    tokenizer = Encoder(resolve(str(tiny_bert))).tokenizer()
    text = "x" * 5000 + " 물"
    assert text_starts(tokenizer, [text], WINDOW) == [text]  # [UNK], then 물


def test_long_texts_have_the_same_vectors(tiny_bert: Path, own_cache: Path) -> None:
    encoder = Encoder(resolve(str(tiny_bert)))
    shorter, long = "물 빛 산소 " * 100, "물 빛 산소 " * 100_000
    vectors = encoder.encode([shorter, long], "query", 16)
    assert (vectors[0] == vectors[1]).all()


def test_a_long_query_has_the_score_of_its_start(tiny_reranker: Path, own_cache: Path) -> None:
    model = CrossEncoder(tiny_reranker, max_length=16)
    for passage in ("빛", "산소 " * 20):
        short, long = model.score([("물 빛 " * 20, passage), ("물 빛 " * 50_000, passage)])
        assert np.isclose(short, long, atol=1e-5)
