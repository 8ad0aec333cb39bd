"""Late interaction with LoRA: the encoder's MaxSim (Khattab & Zaharia 2020) trained on candidate lists."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.heads import load_head
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import content_hash
from sunwi.models.saving import save_encoder
from sunwi.models.spec import ModelInfo
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.runtime import pick_device, seed_everything
from sunwi.train.reranker.early_look import EarlyLook
from sunwi.train.reranker.lists import TrainingList
from sunwi.train.reranker.lora import ADAPTER, MERGED, adapt, save_adapter, trained_parameters
from sunwi.train.reranker.objective import ranking_loss
from sunwi.train.shared.checkpoints import checkpoint_folder, remove_checkpoints
from sunwi.train.shared.early_stopping import EarlyStopping
from sunwi.train.shared.loop import Checkpoints, Optimiser, learning_rate_factor, train_loop

if TYPE_CHECKING:
    import torch

    from sunwi.train.shared.frozen_layers import FrozenOutputs

CHECKPOINT_EVERY = 20  # steps; a checkpoint holds the adapter's weights alone, so it is small
Tokens = tuple["torch.Tensor", "torch.Tensor"]  # unit vectors [texts, tokens, dimensions], mask


def train_late_interaction(
    info: ModelInfo,
    base_name: str,
    lists: Sequence[TrainingList],
    settings: TrainRerankerParams,
    query_max_length: int,
    seed: int,
    out: Path,
    start: Path | None = None,
    watch: EarlyStopping | None = None,
    look: EarlyLook | None = None,
    frozen: FrozenOutputs | None = None,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Train and write `out`/adapter and `out`/merged; return facts of the run and the loss curve.

    A run that was interrupted resumes from its last checkpoint to the same weights. The loss sees MaxSim over
    the temperature, plus `retriever_weight` times the retriever's score: so the adapter learns what the blend
    of both lacks, and not what the retriever already contributes.

    Parameters
    ----------
    info, base_name
        The encoder, and its name in the adapter's file.
    start
        A saved adapter that training goes on from; None: a fresh one.
    watch
        Measures the model during training and keeps its best state.
    look
        Looks at the model once, and may end the training.
    frozen
        What the layers below the adapter say of each text, shared by runs of one encoder with as many
        layers below; None: this run's own. Read on a CPU alone, where those layers are most of the time.
    """
    import torch

    from sunwi.train.shared.frozen_layers import FrozenOutputs, can_reuse, reuse_frozen_layers

    device = pick_device()
    seed_everything(seed)
    encoder = Encoder(info)
    tokenizer = encoder.tokenizer()
    model = load_encoder(info.folder, torch.float32).to(device)
    reusable = can_reuse(model)
    adapted = adapt(model, settings, "FEATURE_EXTRACTION", base_name, start)
    lowest = min(adapted.peft_config["default"].layers_to_transform or [0])
    if lowest and reusable:
        reuse_frozen_layers(model, lowest, frozen or FrozenOutputs())
    live = LateInteraction(encoder.with_model(adapted, device), query_max_length, settings.max_length)
    head = load_head(info, "colbert") if "colbert" in info.heads else None

    def tokens(texts: list[str], limit: int) -> Tokens:
        batch = tokenizer(texts, truncation=True, max_length=limit, padding=True, return_tensors="pt")
        batch = batch.to(device)
        ids, mask = batch["input_ids"], batch["attention_mask"]
        hidden = adapted(input_ids=ids, attention_mask=mask).last_hidden_state
        if head is not None:  # M3's: a linear layer, and no vector for the first token
            weight, bias = head["weight"].to(device), head["bias"].to(device)
            hidden, mask = torch.nn.functional.linear(hidden[:, 1:], weight, bias), mask[:, 1:]
        return torch.nn.functional.normalize(hidden, dim=-1), mask.bool()

    def losses(_: int, batch: Sequence[TrainingList]) -> dict[str, torch.Tensor]:
        queries = tokens([info.query_prefix + example.query for example in batch], query_max_length)
        row_of = {
            text: row
            for row, text in enumerate(dict.fromkeys(chain(*(example.passages for example in batch))))
        }
        vectors, mask = tokens([info.passage_prefix + text for text in row_of], settings.max_length)
        rows = [
            row_of[text] for example in batch for text in example.passages
        ]  # a passage of two lists runs once
        scores = maxsim_of_lists(
            queries, (vectors[rows], mask[rows]), [len(example.passages) for example in batch]
        )
        labels, retriever = [example.labels for example in batch], [example.retriever for example in batch]
        return {"loss": ranking_loss(scores, labels, retriever, settings)}

    steps = settings.max_steps
    optimiser = Optimiser(
        adapted,
        lambda _: settings.learning_rate,
        lambda step: learning_rate_factor(step - 1, max(1, steps // 10), steps - 1),
        losses,
        section="train_reranker",
    )
    together = [example.passages[0] for example in lists] if settings.group_passages else None
    order = shuffled(len(lists), settings.batch_size, steps, seed, together)
    folder = checkpoint_folder(
        {
            "model": [info.content_hash, info.query_prefix, info.passage_prefix],
            "start": content_hash(start) if start else None,
            "params": settings.model_dump(),
            "limits": [query_max_length, device.type],
            "seed": seed,
            "lists": [asdict(example) for example in lists],
            "dev": [watch.every, watch.patience, watch.start, list(watch.questions)] if watch else None,
        }
    )
    curve = train_loop(
        optimiser,
        lambda done: ([[lists[row] for row in rows]] for rows in islice(order, done, None)),
        steps,
        "train late interaction",
        watch,
        (live.fresh,),
        Checkpoints(folder, CHECKPOINT_EVERY),
        look,
    )
    shutil.rmtree(out, ignore_errors=True)
    facts = {
        "training_lists": len(lists),
        "steps": len(curve),
        "trained_parameters": trained_parameters(adapted),
    }
    save_adapter(adapted, out / ADAPTER, base_name)
    save_encoder(info, adapted.merge_and_unload().state_dict(), out / MERGED)
    remove_checkpoints(folder)
    return facts, curve


def maxsim_of_lists(queries: Tokens, passages: Tokens, sizes: Sequence[int]) -> list[torch.Tensor]:
    """Mean over a query's tokens of the best cosine among a passage's, [passages] of each list.

    Parameters
    ----------
    queries
        Unit vectors [lists, tokens, dimensions] and mask.
    passages
        The same of all lists' passages, one list after the other.
    sizes
        Passages of each list.
    """
    import torch

    parts = (tensor.split(list(sizes)) for tensor in passages)  # type: ignore[no-untyped-call]  # torch has no types here
    scores = []
    for query, query_mask, vectors, mask in zip(*queries, *parts, strict=True):
        cosines = torch.einsum("td,psd->pts", query, vectors)  # [passages, query tokens, tokens]
        best = cosines.masked_fill(~mask[:, None, :], -2.0).amax(dim=2)
        weights = query_mask.to(best.dtype)
        scores.append((best * weights).sum(dim=1) / weights.sum())
    return scores


def shuffled(
    size: int, batch_size: int, steps: int, seed: int, together: Sequence[str] | None = None
) -> Iterator[list[int]]:
    """`steps` batches of rows; each pass over the rows in a new seeded order, a short rest left out.

    `together` names each row's group: rows of a group follow one another, groups and rows still shuffled.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    waiting: list[int] = []
    for _ in range(steps):
        if len(waiting) < batch_size:
            waiting = [int(row) for row in generator.permutation(size)]
            if together is not None:
                first: dict[str, int] = {}
                for position, row in enumerate(waiting):
                    first.setdefault(together[row], position)
                waiting.sort(key=lambda row: first[together[row]])
        yield waiting[:batch_size]
        waiting = waiting[batch_size:]
