"""Batches for in-batch negatives: no passage of one question may answer another question of the batch."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sunwi.errors import DataError
from sunwi.records.mined import MinedRow

# docid -> the passages that count as the same answer: those of its document and their copies
AnswerGroup = Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Batches:
    """Rows in training order, complete batches only, and how many rows fitted in no batch."""

    rows: list[MinedRow]
    left_out: int


def arrange(rows: Sequence[MinedRow], answer_group: AnswerGroup, batch_size: int, seed: int) -> Batches:
    """Order rows so that each batch of `batch_size` is free of false negatives.

    In-batch negatives are all passages of the other questions; one that answers a question like its own
    positive would be trained as wrong. Rows are shuffled by the seed, then batches are filled greedily.

    Raises
    ------
    DataError
        If no complete batch can be made.
    """
    shuffled = sorted(rows, key=lambda row: row.qid)
    random.Random(seed).shuffle(shuffled)
    answers = {row.qid: frozenset().union(*(answer_group(docid) for docid in row.pos_ids)) for row in rows}
    shown = {row.qid: answers[row.qid].union(*(answer_group(docid) for docid in row.neg_ids)) for row in rows}
    queue = deque(shuffled)
    ordered: list[MinedRow] = []
    left_out = 0
    while queue:
        batch: list[MinedRow] = []
        waiting: list[MinedRow] = []
        batch_answers: set[str] = set()
        batch_passages: set[str] = set()
        while queue and len(batch) < batch_size:
            row = queue.popleft()
            if answers[row.qid] & batch_passages or shown[row.qid] & batch_answers:
                waiting.append(row)
                continue
            batch.append(row)
            batch_answers |= answers[row.qid]
            batch_passages |= shown[row.qid]
        if len(batch) < batch_size:  # the queue is empty, and no waiting row fits this batch
            left_out = len(batch) + len(waiting)
            break
        queue.extendleft(reversed(waiting))
        ordered += batch
    if not ordered:
        raise DataError(
            f"no batch of {batch_size} questions can be made without false negatives",
            "set a smaller train_embedder.batch_size or mining.negatives, or add documents",
        )
    return Batches(ordered, left_out)
