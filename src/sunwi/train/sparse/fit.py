"""Training of a sparse encoder: its batches, and the result of a run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.params.sparse import SparseParams
from sunwi.records.mined import MinedRow
from sunwi.runtime import seed_everything
from sunwi.train.shared.early_stopping import EarlyStopping
from sunwi.train.shared.in_batch import AnswerGroup, arrange
from sunwi.train.shared.loop import Checkpoints, train_loop
from sunwi.train.sparse.batches import SparseBatch, make_batch
from sunwi.train.sparse.bilingual.dictionary import TermPair
from sunwi.train.sparse.optimiser import sparse_optimiser

DevScore = Callable[[], float]  # nDCG@10 of the encoder's present weights


@dataclass(frozen=True, slots=True)
class SparseTraining:
    """The result of a run; the given encoder holds its best weights."""

    curve: list[dict[str, float]]
    dev_curve: list[dict[str, float]]
    best_step: int
    best_ndcg: float
    stopped_early: bool
    trained_parameters: int
    left_out_rows: int


def train_sparse(
    encoder: SparseEncoder,
    rows: Sequence[MinedRow],
    pairs: Sequence[TermPair],
    params: SparseParams,
    answer_group: AnswerGroup,
    dev_ndcg: DevScore,
    seed: int,
    checkpoints: Path,
) -> SparseTraining:
    """Train in place and leave the weights of the best dev nDCG@10, the start's included.

    Each step takes `accumulate` batches of `batch_size` questions that hold no answer of one another.
    """
    seed_everything(seed)
    optimiser = sparse_optimiser(encoder, params)
    arranged = arrange(rows, answer_group, params.batch_size, seed)
    early = EarlyStopping(
        dev_ndcg, params.evaluate_every, params.patience, last=params.max_steps, name="dev_ndcg10"
    )
    curve = train_loop(
        optimiser,
        lambda done: _batches(arranged.rows, pairs, params, seed, encoder, done),
        params.max_steps,
        "train sparse",
        early,
        checkpoints=Checkpoints(checkpoints, params.checkpoint_every),
    )
    return SparseTraining(
        curve,
        early.curve,
        early.best_step,
        max(early.values),
        early.stopped,
        sum(parameter.numel() for parameter in optimiser.parameters),
        arranged.left_out,
    )


def _batches(
    rows: Sequence[MinedRow],
    pairs: Sequence[TermPair],
    params: SparseParams,
    seed: int,
    encoder: SparseEncoder,
    done: int,
) -> Iterator[Iterator[SparseBatch]]:
    """The batches of each step after the first `done`: the arranged rows over and over.

    Term pairs and dropout are drawn by the numbers of batch and step, so skipped batches need not be made.
    """
    import torch

    per_epoch = len(rows) // params.batch_size

    def batch(number: int) -> SparseBatch:
        start = number % per_epoch * params.batch_size
        draw = random.Random(f"{seed}:{number + 1}")
        chosen = draw.sample(list(pairs), min(params.term_pairs, len(pairs)))
        return make_batch(rows[start : start + params.batch_size], chosen, encoder.tokenizer, params)

    for step in count(done + 1):
        torch.manual_seed(seed * 1_000_003 + step)
        yield map(batch, range((step - 1) * params.accumulate, step * params.accumulate))
