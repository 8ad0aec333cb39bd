"""Training of a sparse encoder: steps, dev evaluations, early stopping, checkpoints."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.params.sparse import SparseParams
from sunwi.records.mined import MinedRow
from sunwi.runtime import progress, seed_everything
from sunwi.train.shared.in_batch import AnswerGroup, arrange
from sunwi.train.sparse.batches import SparseBatch, make_batch
from sunwi.train.sparse.bilingual.dictionary import TermPair
from sunwi.train.sparse.checkpoint import Checkpoint, Progress
from sunwi.train.sparse.optimiser import SparseOptimiser

DevScore = Callable[[], float]  # nDCG@10 of the encoder as it stands


@dataclass(frozen=True, slots=True)
class SparseTraining:
    """What became of a run; the encoder that was given holds its best weights."""

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
    checkpoint: Checkpoint,
) -> SparseTraining:
    """Train in place and leave the weights of the best dev nDCG@10, the start's included.

    Each step takes `accumulate` batches of `batch_size` questions that hold no answer of one another. The
    seed of a step is its number's: a run that resumes goes the way of one that was not interrupted.
    """
    import torch

    seed_everything(seed)
    optimiser = SparseOptimiser(encoder, params)
    batches = arrange(rows, answer_group, params.batch_size, seed)
    resumed = checkpoint.load(optimiser.named, optimiser.adam)
    done, best = resumed or (Progress(), optimiser.weights())
    if resumed is None:
        done.judge(0, dev_ndcg())
    stream = _batches(batches.rows, pairs, params, seed, encoder, skip=done.step * params.accumulate)
    stopped = done.worse_in_row >= params.patience
    todo = [] if stopped else list(range(done.step + 1, params.max_steps + 1))
    for step in progress(todo, len(todo), "train sparse", "step"):
        torch.manual_seed(seed * 1_000_003 + step)
        done.add(step, optimiser.take(step, islice(stream, params.accumulate)))
        if step % params.evaluate_every == 0 or step == params.max_steps:
            if done.judge(step, dev_ndcg()):
                best = optimiser.weights()
            stopped = done.worse_in_row >= params.patience
        if step % params.checkpoint_every == 0:
            checkpoint.save(optimiser.named, optimiser.adam, best, done)
        if stopped:
            break
    optimiser.restore(best)
    return SparseTraining(
        done.curve, done.dev_curve, done.best_step, done.best_ndcg, stopped, optimiser.size, batches.left_out
    )  # fmt: skip


def _batches(
    rows: Sequence[MinedRow],
    pairs: Sequence[TermPair],
    params: SparseParams,
    seed: int,
    encoder: SparseEncoder,
    skip: int,
) -> Iterator[SparseBatch]:
    """Batches without end after the first `skip`: the arranged rows over and over.

    Term pairs are drawn by the batch's number, so what was skipped need not be made.
    """
    size = params.batch_size
    drawn = min(params.term_pairs, len(pairs))
    of_epoch = len(rows) // size
    number = skip
    while True:
        start = number % of_epoch * size
        number += 1
        chosen = random.Random(f"{seed}:{number}").sample(list(pairs), drawn)
        yield make_batch(rows[start : start + size], chosen, encoder.tokenizer, params)
