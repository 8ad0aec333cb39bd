"""Mining with an encoder that was just tuned, for another round of training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.mining.negatives import mine_negatives
from sunwi.models.encoder import Encoder
from sunwi.models.passage_vectors import encode_passages
from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.params.mining import MiningParams
from sunwi.records.mined import MinedRow
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, make_queries
from sunwi.search.pipeline import build_pipeline


class MiningSections(Protocol):
    """The sections that mining reads."""

    @property
    def encoder(self) -> EncoderParams: ...
    @property
    def bm25(self) -> Bm25Params: ...
    @property
    def mining(self) -> MiningParams: ...


def mined_again(
    passages: Passages,
    train: Callable[[], Sequence[LabelledQuestion]],
    rules: FalseNegativeRules,
    params: MiningSections,
) -> Callable[[Encoder], list[MinedRow]]:
    """A function of an encoder: the rows that it mines for the train questions.

    Parameters
    ----------
    train
        Called when rows are mined, which one round of training never does.
    """

    def mine(model: Encoder) -> list[MinedRow]:
        questions = train()
        vectors, windows = encode_passages(model, passages.texts, params.encoder)
        pipeline = build_pipeline(passages, vectors, params.bm25, windows=windows)
        qids, texts = [question.qid for question in questions], [question.text for question in questions]
        limits = params.encoder.query_max_length, params.bm25.tokenizer
        queries = make_queries(qids, texts, model, *limits)
        return mine_negatives(pipeline, queries, questions, rules, params.mining).rows

    return mine
