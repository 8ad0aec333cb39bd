"""Mining for another round: by the encoder that was just tuned, and only when a round asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from sunwi.mining.again import mined_again
from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.params.mining import MiningParams
from sunwi.records.corpus import Document
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages

PASSAGES = Passages.of([Document(docid=docid, content=f"글 {docid}") for docid in "abcd"])
PARAMS = SimpleNamespace(
    encoder=EncoderParams(max_length=20, windows=False, query_max_length=10),
    bm25=Bm25Params(),
    mining=MiningParams(negatives=1, bm25_weight=0.0),
)


class Near:
    """An encoder after which a question is nearest to its passage a, then to the one given."""

    def __init__(self, second: str) -> None:
        self.second = second
        self.asked: list[tuple[str, int]] = []

    def encode(self, texts: Sequence[str], side: str, max_length: int, _: str = "") -> np.ndarray:
        self.asked.append((side, max_length))
        cosines = {"글 a": 1.0, f"글 {self.second}": 0.8}
        along = [cosines.get(text, 0.0) if side == "passage" else 1.0 for text in texts]
        return np.array([[x, (1 - x * x) ** 0.5] for x in along], dtype=np.float16)


def test_rows_are_those_of_the_encoder_that_is_given() -> None:
    calls: list[int] = []

    def train() -> list[LabelledQuestion]:
        calls.append(1)
        return [LabelledQuestion("q", "질문", (0,), "train", "x", 0.5)]

    rules = FalseNegativeRules(PASSAGES, {"a": frozenset("ad"), "d": frozenset("ad")}, {}, 0.95)
    mine = mined_again(PASSAGES, train, rules, PARAMS)
    assert calls == []  # one round of training never asks
    model = Near("b")
    (row,) = mine(model)  # type: ignore[arg-type]
    assert (row.qid, row.pos_ids, row.neg_ids) == ("q", ["a"], ["b"])
    assert sorted(model.asked) == [("passage", 20), ("query", 10)]
    assert [row.neg_ids for row in mine(Near("c"))] == [["c"]]  # type: ignore[arg-type]
    assert mine(Near("d"))[0].neg_ids != ["d"]  # type: ignore[arg-type]  # a copy of a
    assert len(calls) == 3
