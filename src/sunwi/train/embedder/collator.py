"""From groups to a batch of tensors: prefixes, tokens, sub-batches of like length, the guide's mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sunwi.models.spec import ModelInfo
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.groups import Group
from sunwi.train.embedder.guide import Guide


class GroupCollator:
    """The inputs of FlagEmbedding's models, and `restore` and `allowed` (see `models.GroupModel`)."""

    def __init__(
        self, tokenizer: Any, info: ModelInfo, params: TrainEmbedderParams, guide: Guide | None
    ) -> None:
        self.tokenizer = tokenizer
        self.info = info
        self.params = params
        self.guide = guide

    def __call__(self, batch: Sequence[Group]) -> dict[str, Any]:
        """Tensors of one batch; passages are in question order, the positive first."""
        import torch

        queries = self._tokens(
            [self.info.query_prefix + group.query for group in batch], self.params.query_max_length
        )
        texts = [self.info.passage_prefix + text for group in batch for text in group.passages]
        passages = self._tokens(texts, self.params.passage_max_length)
        order = self._order([len(ids) for ids in passages])
        size = self.params.sub_batch_size or len(order)
        parts = [
            self._pad([passages[row] for row in order[start : start + size]])
            for start in range(0, len(order), size)
        ]
        split = len(parts) > 1
        return {
            "queries": self._pad(queries),
            "passages": parts if split else parts[0],
            "teacher_scores": [s for group in batch for s in group.scores] if self.params.distill else None,
            "restore": torch.tensor(order).argsort() if split else None,
            "allowed": torch.from_numpy(self.guide.allowed(batch)) if self.guide else None,
        }

    def _order(self, lengths: Sequence[int]) -> list[int]:
        """Longest first, so that a sub-batch has little padding; the given order if there is only one."""
        if not 0 < self.params.sub_batch_size < len(lengths):
            return list(range(len(lengths)))
        return sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))

    def _tokens(self, texts: Sequence[str], limit: int) -> list[list[int]]:
        token_ids: list[list[int]] = self.tokenizer(list(texts), truncation=True, max_length=limit)[
            "input_ids"
        ]
        return token_ids

    def _pad(self, rows: list[list[int]]) -> dict[str, Any]:
        padded = self.tokenizer.pad({"input_ids": rows}, padding=True, return_tensors="pt")
        return {"input_ids": padded["input_ids"], "attention_mask": padded["attention_mask"]}
