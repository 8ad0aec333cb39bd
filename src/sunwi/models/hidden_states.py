"""Texts to the last hidden states of a bi-encoder, in batches of one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sunwi.errors import ModelError
from sunwi.models.batches import length_batches
from sunwi.models.encoder_weights import ready_encoder
from sunwi.models.long_texts import text_starts
from sunwi.models.precision import Precision, require_precision, settled
from sunwi.models.shared_tokenizer import read_tokenizer, shared_tokenizer
from sunwi.models.spec import ModelInfo

if TYPE_CHECKING:
    import torch

TokenIds = tuple[list[list[int]], int]  # of the rows of one batch, and the length that they are padded to
INT8_TOKENS = 2048  # of a batch: what lies between the layers then stays in the CPU's caches


class HiddenStates:
    """Tokenises texts, plans their batches and runs them; the weights are loaded at the first batch."""

    def __init__(self, info: ModelInfo, batch_size: int, precision: Precision) -> None:
        """A model and how it runs.

        Raises
        ------
        ModelError
            If this machine cannot run in that precision.
        """
        require_precision(precision, info.spec)
        self.info = info
        self.batch_size = batch_size
        self.precision: Precision = precision
        self.loaded: tuple[torch.nn.Module, torch.device] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A worker loads the weights itself, and runs in the numbers that this process's cache keys say.
        state = {**vars(self), "loaded": None, "precision": settled(self.precision)}
        state.pop("tokenizer", None)
        return state

    @cached_property
    def tokenizer(self) -> Any:
        """The model's tokeniser, shared with the thread's other readers of the model."""
        return shared_tokenizer(self.info.folder, read_tokenizer)

    def batches(
        self, texts: Sequence[str], max_length: int
    ) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Yield rows, ids [batch, tokens], hidden [batch, tokens, dimensions] and mask, longest first."""
        for rows, batch in self.planned(texts, max_length):
            yield rows, *self.of_batch(batch)

    def planned(self, texts: Sequence[str], max_length: int) -> Iterator[tuple[list[int], TokenIds]]:
        """Yield rows and their batch, longest first.

        Raises
        ------
        ModelError
            As `token_ids`.
        """
        return self.batches_of(self.token_ids(texts, max_length), max_length)

    def token_ids(self, texts: Sequence[str], max_length: int) -> list[list[int]]:
        """Of each text, special ones among them, cut at `max_length`.

        Raises
        ------
        ModelError
            If the model cannot read as many tokens as `max_length`.
        """
        tokenizer = self.tokenizer
        if max_length > tokenizer.model_max_length:
            found = f"it reads {tokenizer.model_max_length} tokens at most, {max_length} were asked for"
            raise ModelError(self.info.spec, found, "lower encoder.max_length or encoder.query_max_length")
        starts = text_starts(tokenizer, texts, max_length)
        rows: list[list[int]] = tokenizer(starts, truncation=True, max_length=max_length)["input_ids"]
        return rows

    def batches_of(
        self, token_ids: Sequence[list[int]], max_length: int
    ) -> Iterator[tuple[list[int], TokenIds]]:
        """Yield rows and their batch, longest first."""
        most = INT8_TOKENS if self.precision == "int8" else None
        lengths = [len(ids) for ids in token_ids]
        for rows, size in length_batches(lengths, self.batch_size, max_length, most_tokens=most):
            yield rows, ([token_ids[row] for row in rows], size)

    def of_batch(self, batch: TokenIds) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Ids [batch, tokens], hidden [batch, tokens, dimensions] and mask of one batch."""
        import torch

        if self.loaded is None:
            self.loaded = ready_encoder(self.info, self.precision)
        model, device = self.loaded
        padded, mask = self.padded(batch, device)
        with torch.inference_mode():
            hidden = model(input_ids=padded, attention_mask=mask)
        return padded, hidden.last_hidden_state.float(), mask

    def padded(self, batch: TokenIds, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask [batch, tokens] of one batch, padded on the right."""
        import torch

        ids, size = batch
        padding = self.tokenizer.pad_token_id
        padded = torch.tensor([row + [padding] * (size - len(row)) for row in ids], device=device)
        lengths = torch.tensor([len(row) for row in ids], device=device)
        return padded, (torch.arange(size, device=device) < lengths[:, None]).long()
