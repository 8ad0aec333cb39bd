"""Training of a sparse encoder: ranking + distillation + sparsity + cross-lingual alignment, early stopping."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from sunwi.errors import DataError
from sunwi.models.sparse_encoder import SparseEncoder
from sunwi.params import SparseParams
from sunwi.records import MinedRow
from sunwi.runtime import pick_device, progress, seed_everything
from sunwi.search.bilingual.dictionary import TermPair
from sunwi.train import sparse_losses as losses
from sunwi.train.batches import Kin, arrange
from sunwi.train.layer_rates import without_attention_dropout
from sunwi.train.sparse_batches import SparseBatch, make_batch
from sunwi.train.sparse_checkpoint import Checkpoint, Progress

if TYPE_CHECKING:
    import torch

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
    kin: Kin,
    dev_ndcg: DevScore,
    seed: int,
    checkpoint: Checkpoint,
) -> SparseTraining:
    """Train in place and leave the weights of the best dev nDCG@10, the start's included.

    Each step takes `accumulate` batches of `batch_size` questions that hold no answer of one another. The
    seed of a step is its number's: a run that resumes goes the way of one that was not interrupted.
    """
    import torch

    device = pick_device()
    seed_everything(seed)
    model = encoder.model.to(device)
    without_attention_dropout(model)
    for name, parameter in model.named_parameters():
        if "word_embeddings" in name:  # the decoder is tied to them, and they are most of the weights
            parameter.requires_grad_(False)
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for name, p in named if not name.startswith("head.")], "lr": params.learning_rate},
            {"params": [p for name, p in named if name.startswith("head.")], "lr": params.head_learning_rate},
        ],
        weight_decay=0.01,
    )
    rates = [group["lr"] for group in optimizer.param_groups]
    scaler = torch.amp.GradScaler(device.type, enabled=params.fp16 and device.type == "cuda")
    batches = arrange(rows, kin, params.batch_size, seed)
    resumed = checkpoint.load(named, optimizer)
    done, best = resumed or (Progress(), {})
    if resumed is None:
        done.best_ndcg = dev_ndcg()
        done.dev_curve.append({"step": 0, "dev_ndcg10": round(done.best_ndcg, 6)})
        best = _weights(named)
    todo = islice(_batches(batches.rows, pairs, params, seed), done.step * params.accumulate, None)
    stopped = done.worse_in_row >= params.patience
    steps = range(done.step + 1, params.max_steps + 1)
    for step in progress(() if stopped else steps, len(steps), "train sparse", "step"):
        torch.manual_seed(seed * 1_000_003 + step)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * learning_rate_factor(step, params.warmup_steps, params.max_steps)
        parts: dict[str, float] = {}
        model.train()
        for rows_of_batch, pairs_of_batch in islice(todo, params.accumulate):
            batch = make_batch(rows_of_batch, pairs_of_batch, encoder.tokenizer, params)
            with _autocast(device, params):
                found = batch_losses(encoder, batch, params, losses.ramp(step, params.ramp_steps))
            loss = torch.stack(list(found.values())).sum() / params.accumulate
            if not torch.isfinite(loss):
                values = {name: value.item() for name, value in found.items()}
                raise DataError(
                    f"step {step}: the loss is not finite: {values}", "lower sparse.learning_rate"
                )
            scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            for name, value in found.items():
                parts[name] = parts.get(name, 0.0) + value.item() / params.accumulate
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_([parameter for _, parameter in named], 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        done.step = step
        done.curve.append(
            {"step": step, "loss": round(sum(parts.values()), 6)}
            | {name: round(x, 6) for name, x in parts.items()}
        )
        if step % params.evaluate_every == 0 or step == params.max_steps:
            ndcg = dev_ndcg()
            done.dev_curve.append({"step": step, "dev_ndcg10": round(ndcg, 6)})
            if ndcg > done.best_ndcg:
                done.best_ndcg, done.best_step, done.worse_in_row = ndcg, step, 0
                best = _weights(named)
            else:
                done.worse_in_row += 1
            stopped = done.worse_in_row >= params.patience
        if step % params.checkpoint_every == 0:
            checkpoint.save(named, optimizer, best, done)
        if stopped:
            break
    with torch.no_grad():
        for name, parameter in named:
            parameter.copy_(best[name])
    trained = sum(parameter.numel() for _, parameter in named)
    return SparseTraining(
        done.curve, done.dev_curve, done.best_step, done.best_ndcg, stopped, trained, batches.left_out
    )  # fmt: skip


def batch_losses(
    encoder: SparseEncoder, batch: SparseBatch, params: SparseParams, share: float
) -> dict[str, torch.Tensor]:
    """The weighted losses of one batch by name; `share` is the ramp's of the regularisation."""
    import torch

    passages = _encode(encoder, batch.passages)  # [questions * group, vocabulary]
    queries = (
        idf_vectors(encoder, batch.queries) if params.query == "idf" else _encode(encoder, batch.queries)
    )
    scores = queries.float() @ passages.float().T
    ranking = losses.contrastive_loss(scores)
    if params.ranking == "margin":
        ranking = losses.margin_loss(scores, params.margin)
    found = {"ranking": ranking}
    if params.distill and batch.group > 1:
        places = torch.arange(len(scores))[:, None] * batch.group + torch.arange(batch.group)
        teacher = batch.teacher.to(scores.device)
        own = scores.gather(1, places.to(scores.device)).masked_fill(teacher.isinf(), float("-inf"))
        found["distillation"] = params.distill * losses.distillation_loss(own, teacher, params.teacher_scale)
    found["flops_passage"] = share * params.flops_passage * losses.flops_loss(passages.float())
    if params.l1_passage:
        found["l1_passage"] = share * params.l1_passage * losses.l1_loss(passages.float())
    if params.query == "model":
        found["flops_query"] = share * params.flops_query * losses.flops_loss(queries.float())
    if batch.korean is not None and batch.english is not None and params.cross_lingual:
        korean, english = _encode(encoder, batch.korean), _encode(encoder, batch.english)
        found["alignment"] = params.cross_lingual * losses.alignment_loss(korean.float(), english.float())
    return found


def idf_vectors(encoder: SparseEncoder, token_ids: torch.Tensor) -> torch.Tensor:
    """Inference-free queries [texts, vocabulary]: the idf of each token that a text has."""
    import torch

    weights = torch.tensor([encoder.idf[at] for at in encoder.token_ids])
    rows = encoder.model.row_of_token[token_ids.to(encoder.model.row_of_token.device)]
    present = torch.zeros(len(token_ids), len(weights) + 1, device=rows.device).scatter(1, rows, 1.0)
    return present[:, :-1] * weights.to(rows.device)


def learning_rate_factor(step: int, warmup: int, steps: int) -> float:
    """Linear rise over `warmup` steps, then linear fall to 0 after the last; steps count from 1.

    Examples
    --------
    >>> [learning_rate_factor(step, 2, 6) for step in (1, 2, 4, 6)]
    [0.5, 1.0, 0.6, 0.2]
    """
    if step <= warmup:
        return step / warmup
    return (steps - step + 1) / (steps - warmup + 1)


def _encode(encoder: SparseEncoder, token_ids: torch.Tensor) -> torch.Tensor:
    ids = token_ids.to(next(encoder.model.parameters()).device)
    weights: torch.Tensor = encoder.model(ids, (ids != encoder.tokenizer.pad_token_id).long())
    return weights


def _batches(
    rows: Sequence[MinedRow], pairs: Sequence[TermPair], params: SparseParams, seed: int
) -> Iterator[tuple[Sequence[MinedRow], list[TermPair]]]:
    """Batches without end: the arranged rows over and over, term pairs drawn by the batch's number."""
    count = 0
    size = params.batch_size
    drawn = min(params.term_pairs, len(pairs))
    while True:
        for start in range(0, len(rows), size):
            count += 1
            yield rows[start : start + size], random.Random(f"{seed}:{count}").sample(list(pairs), drawn)


def _autocast(device: torch.device, params: SparseParams) -> Any:
    import torch

    if params.bf16 or (params.fp16 and device.type == "cuda"):
        return torch.autocast(device.type, torch.bfloat16 if params.bf16 else torch.float16)
    return nullcontext()


def _weights(named: Sequence[tuple[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in named}
