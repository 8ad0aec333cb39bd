"""Cross-encoder inference: pairs tokenised once, in batches of one length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import ModelError
from sunwi.models.batches import length_batches
from sunwi.models.pair_scores import PairScores
from sunwi.models.precision import precision_key
from sunwi.models.resolver import content_hash
from sunwi.runtime import inference_dtype, no_loading_bar, pick_device, progress

if TYPE_CHECKING:
    import torch


class CrossEncoder:
    """Scores (query, passage) pairs with a sequence classifier of one label; raw logits."""

    def __init__(self, folder: Path | str, max_length: int, batch_size: int = 32) -> None:
        self.folder = Path(folder)
        self.max_length = max_length
        self.batch_size = batch_size
        self._scores = PairScores(
            "cross_encoder", (content_hash(self.folder), str(max_length), *precision_key())
        )
        self._loaded: tuple[Any, torch.nn.Module, torch.device] | None = None

    def score(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Logit of each pair, shape [pairs]; cached by pair."""
        return self._scores.get(pairs, self._compute)

    def _compute(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        tokenizer, model, device = self._load()
        return logits_of(tokenizer, model, device, pairs, self.max_length, self.batch_size)

    def _load(self) -> tuple[Any, torch.nn.Module, torch.device]:
        if self._loaded is None:
            import torch
            from transformers import AutoModelForSequenceClassification, AutoTokenizer

            device = pick_device()
            dtype = getattr(torch, inference_dtype(device.type))
            tokenizer = AutoTokenizer.from_pretrained(self.folder, padding_side="right")
            with no_loading_bar():
                model = AutoModelForSequenceClassification.from_pretrained(self.folder, dtype=dtype)
            if model.config.num_labels != 1:  # an encoder's folder would get a random head of two labels
                found = f"expected a classifier of one label, found {model.config.num_labels}"
                raise ModelError(str(self.folder), found, "name a trained reranker")
            self._loaded = (tokenizer, model.to(device).eval(), device)
        return self._loaded


def logits_of(
    tokenizer: Any,
    model: torch.nn.Module,
    device: torch.device,
    pairs: Sequence[tuple[str, str]],
    max_length: int,
    batch_size: int = 32,
) -> npt.NDArray[np.float32]:
    """Logit of each pair, shape [pairs], by a classifier in memory; rows of one padded length a batch."""
    import torch

    encoded = tokenizer(
        [query for query, _ in pairs],
        [passage for _, passage in pairs],
        truncation="longest_first",  # the passage's tail, unless the query is the longer one
        max_length=max_length,
    )
    batches = list(length_batches([len(ids) for ids in encoded["input_ids"]], batch_size, max_length))
    scores = np.empty(len(pairs), dtype=np.float32)
    for rows, size in progress(batches, len(batches), "cross-encoder", "batch"):
        chosen = {key: [encoded[key][row] for row in rows] for key in encoded}
        batch = tokenizer.pad(chosen, padding="max_length", max_length=size, return_tensors="pt")
        with torch.inference_mode():
            logits = model(**batch.to(device)).logits.squeeze(-1)
        scores[rows] = logits.float().cpu().numpy()
    return scores
