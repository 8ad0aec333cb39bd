"""Training groups in order: each question with one positive and the negatives drawn for it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.records.mined import MinedRow
from sunwi.train.shared.in_batch import AnswerGroup, arrange


@dataclass(frozen=True, slots=True)
class Group:
    """One question with its passages, the positive first, and the teacher's score of each."""

    qid: str
    query: str
    passages: list[str]
    scores: list[float]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every group of a run in training order, and what happened to the rows.

    `left_out` counts rows that fitted in no batch of their epoch, summed over the epochs; `padded` counts
    rows with fewer negatives than a group needs, so that some occur in it twice.
    """

    groups: list[Group]
    steps: int
    left_out: int
    padded: int


def schedule(
    rows: Sequence[MinedRow],
    answer_group: AnswerGroup,
    params: TrainEmbedderParams,
    seed: int,
    processes: int = 1,
) -> Schedule:
    """Lay out a whole run before it starts.

    Batches and negatives are drawn anew each epoch. Since nothing is drawn while training, a run that is
    resumed, or reads its data in several workers, trains on the same groups as one that was not. A step
    takes one batch for each process; the trainer distributes them in turn. Processes that share their
    negatives train as one on one large batch: it is arranged as a whole.
    """
    per_step = params.batch_size * processes
    together = per_step if params.negatives_cross_device else params.batch_size
    draw = random.Random(seed)
    groups: list[Group] = []
    left_out = 0
    steps = params.max_steps
    epoch = 0
    while epoch == 0 or len(groups) < steps * per_step:
        batches = arrange(rows, answer_group, together, seed + epoch)
        steps = steps or math.ceil(params.epochs * len(batches.rows) / per_step)
        groups += [_group(row, params, draw) for row in batches.rows]
        left_out += batches.left_out
        epoch += 1
    padded = sum(len(row.neg) < params.group_size - 1 for row in rows)
    return Schedule(groups[: steps * per_step], steps, left_out, padded)


def _group(row: MinedRow, params: TrainEmbedderParams, draw: random.Random) -> Group:
    """One positive and `group_size - 1` negatives, drawn as FlagEmbedding's dataset draws them."""
    wanted = params.group_size - 1
    positive = draw.choice(range(len(row.pos)))
    negatives = list(range(len(row.neg)))
    chosen = draw.sample(negatives * max(1, math.ceil(wanted / len(negatives))), wanted)
    scores = [row.pos_scores[positive], *(row.neg_scores[negative] for negative in chosen)]
    return Group(
        row.qid,
        row.query,
        [row.pos[positive], *(row.neg[negative] for negative in chosen)],
        [score * params.teacher_scale for score in scores],  # the teacher's softmax has no temperature
    )
