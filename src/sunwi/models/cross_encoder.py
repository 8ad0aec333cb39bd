"""Cross-encoder inference: pairs tokenised once, in batches of one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.compute.executor import LOCAL, Executor
from sunwi.compute.parts import by_row, map_parts
from sunwi.errors import ModelError
from sunwi.models.batches import length_batches
from sunwi.models.loading import load_config, load_tokenizer, load_weights
from sunwi.models.long_texts import text_starts
from sunwi.models.pair_scores import Pairs, PairScores
from sunwi.models.precision import dtype_name, precision_key
from sunwi.models.resolver import content_hash
from sunwi.models.yes_no import is_causal, load_yes_no, prompt_batches, prompt_parts
from sunwi.progress import Progress, progress
from sunwi.runtime import pick_device

if TYPE_CHECKING:
    import torch

PairBatch = tuple[
    dict[str, list[list[int]]], int
]  # what the tokeniser says of each row, and the padded length


class CrossEncoder:
    """Scores (query, passage) pairs by a classifier of one label or a causal model; raw logits."""

    def __init__(
        self, folder: Path | str, max_length: int, batch_size: int = 32, engine: Executor = LOCAL
    ) -> None:
        self.folder = Path(folder)
        self.max_length = max_length
        self.batch_size = batch_size
        self.engine = engine
        self._dtype = dtype_name()
        self._causal = is_causal(self.folder)
        # The chat template lies in files that the content hash does not cover.
        prompt = prompt_parts(self._tokenizer) if self._causal else ()
        settings = (content_hash(self.folder), str(max_length), *precision_key(), *prompt)
        self._scores = PairScores("cross_encoder", settings)
        self._loaded: tuple[torch.nn.Module, torch.device] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A worker loads the weights itself, in the numbers that this process's cache keys say.
        state = {**vars(self), "_loaded": None, "engine": LOCAL}
        state.pop("_tokenizer", None)
        return state

    def score(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Logit of each pair, shape [pairs]; cached by pair."""
        return self._scores.get(pairs, self._compute_parts)

    def _compute(self, pairs: Pairs) -> npt.NDArray[np.float32]:
        return next(self._compute_parts([pairs]))

    def _compute_parts(self, parts: Sequence[Pairs]) -> Iterator[npt.NDArray[np.float32]]:
        """Logits of each part, shape [pairs]; the engine runs the batches of all of them."""
        sizes = (self.max_length, self.batch_size)
        pairs = sum(map(len, parts))
        computed = map_parts(
            self.engine,
            self._logits,
            parts,
            lambda part: (prompt_batches if self._causal else pair_batches)(self._tokenizer, part, *sizes),
            Progress("cross-encoder", pairs, "pair") if pairs else None,
        )
        return map(by_row, computed)

    def _logits(self, batch: PairBatch) -> npt.NDArray[np.float32]:
        return batch_logits(self._tokenizer, *self._load(), batch)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self.folder)

    def _load(self) -> tuple[torch.nn.Module, torch.device]:
        if self._loaded is None:
            import torch
            from transformers import AutoModelForSequenceClassification

            device = pick_device()
            dtype = getattr(torch, self._dtype)
            labels = load_config(self.folder).num_labels
            if self._causal:
                model = load_yes_no(self.folder, self._tokenizer, dtype)
            elif labels != 1:  # an encoder's folder would get a random head of two labels
                found = f"expected a classifier of one label, found {labels}"
                raise ModelError(str(self.folder), found, "name a trained reranker")
            else:
                model = load_weights(AutoModelForSequenceClassification, self.folder, dtype=dtype)
            model = model.to(device).eval()
            if device.type == "cpu":
                from sunwi.models.cpu.packed_model import independent_classifier

                model = independent_classifier(model)
            self._loaded = (model, device)
        return self._loaded


def pair_batches(
    tokenizer: Any, pairs: Pairs, max_length: int, batch_size: int
) -> Iterator[tuple[list[int], PairBatch]]:
    """Yield rows and their batch, longest first; rows of one padded length a batch.

    Of long texts only the start is tokenised; if both of a pair alone fill an odd window, this may give its
    odd token to the other text.
    """
    encoded = tokenizer(
        text_starts(tokenizer, [query for query, _ in pairs], max_length),
        text_starts(tokenizer, [passage for _, passage in pairs], max_length),
        truncation="longest_first",  # the passage's tail, unless the query is the longer one
        max_length=max_length,
    )
    for rows, size in length_batches([len(ids) for ids in encoded["input_ids"]], batch_size, max_length):
        yield rows, ({key: [encoded[key][row] for row in rows] for key in encoded}, size)


def batch_logits(
    tokenizer: Any, model: torch.nn.Module, device: torch.device, batch: PairBatch
) -> npt.NDArray[np.float32]:
    """Logit of each pair of a batch, shape [batch]."""
    import torch

    encoded, size = batch
    padded = tokenizer.pad(encoded, padding="max_length", max_length=size, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**padded.to(device)).logits.squeeze(-1)
    scores: npt.NDArray[np.float32] = logits.float().cpu().numpy()
    return scores


def logits_of(
    tokenizer: Any,
    model: torch.nn.Module,
    device: torch.device,
    pairs: Pairs,
    max_length: int,
    batch_size: int = 32,
) -> npt.NDArray[np.float32]:
    """Logit of each pair, shape [pairs], by a classifier in memory."""
    batches = list(pair_batches(tokenizer, pairs, max_length, batch_size))
    bar = progress(batches, len(pairs), "cross-encoder", "pair", size=lambda batch: len(batch[0]))
    return by_row([(rows, batch_logits(tokenizer, model, device, batch)) for rows, batch in bar])
