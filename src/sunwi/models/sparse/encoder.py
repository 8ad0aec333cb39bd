"""A saved sparse encoder: texts to sparse vectors, by the model or, for queries, by token weights alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sunwi.errors import ModelError
from sunwi.models.batches import STEP, length_batches
from sunwi.models.loading import load_config, load_tokenizer, read_tensors
from sunwi.models.long_texts import text_starts
from sunwi.models.resolver import resolve
from sunwi.models.saving import save_encoder
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.models.spec import ModelInfo
from sunwi.records.files import read_json, write_json
from sunwi.runtime import pick_device

if TYPE_CHECKING:
    import torch

    from sunwi.models.sparse.head import SparseModel

HEAD_FILE, SETTINGS_FILE = "sparse_head/model.safetensors", "sparse.json"
QueryMode = Literal["idf", "model"]


class SparseEncoder:
    """Sparse vectors over a restricted vocabulary.

    Parameters
    ----------
    model
        Weights and head.
    tokenizer
        A fast tokeniser of transformers.
    token_ids
        The vocabulary's entries as ids of the tokeniser, rising.
    idf
        Token id to its weight in an inference-free query.
    query
        "idf": a query's tokens with their idf, no model (Geng et al. 2024); "model": as passages.
    """

    def __init__(
        self,
        model: SparseModel,
        tokenizer: Any,
        token_ids: Sequence[int],
        idf: Mapping[int, float],
        query: QueryMode,
        max_terms: int,
        batch_size: int = 16,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.token_ids = list(token_ids)
        self.idf = dict(idf)
        self.query = query
        self.max_terms = max_terms
        self.batch_size = batch_size

    @cached_property
    def terms(self) -> list[str]:
        """Tokens of the vocabulary, as the tokeniser spells them."""
        names: list[str] = self.tokenizer.convert_ids_to_tokens(self.token_ids)
        return names

    @cached_property
    def column(self) -> dict[int, int]:
        """Token id to its column."""
        return {token: column for column, token in enumerate(self.token_ids)}

    def encode_passages(self, texts: Sequence[str], max_length: int) -> SparseVectors:
        """Vectors of passages, `max_terms` entries each at most."""
        return self._by_model(texts, max_length, self.max_terms)

    def encode_queries(self, texts: Sequence[str], max_length: int) -> SparseVectors:
        """Vectors of queries, by the mode that the encoder was trained for."""
        if self.query == "model":
            return self._by_model(texts, max_length, None)
        starting = text_starts(self.tokenizer, texts, max_length)
        encoded = self.tokenizer(starting, add_special_tokens=False, truncation=True, max_length=max_length)
        rows = []
        for ids in encoded["input_ids"]:
            known = sorted({token for token in ids if token in self.column}, key=self.column.__getitem__)
            rows.append(([self.column[token] for token in known], [self.idf[token] for token in known]))
        return SparseVectors.of_rows(rows, len(self.token_ids))

    def top_terms(self, vectors: SparseVectors, row: int, count: int) -> list[tuple[str, float]]:
        """The strongest entries of one text with their weights, ties by column."""
        columns, weights = vectors.row(row)
        order = np.lexsort((columns, -weights))[:count]
        return [(self.terms[columns[place]], round(float(weights[place]), 4)) for place in order]

    def _by_model(self, texts: Sequence[str], max_length: int, max_terms: int | None) -> SparseVectors:
        import torch

        device = pick_device()
        model = self.model.to(device).eval()
        starting = text_starts(self.tokenizer, texts, max_length)
        encoded = self.tokenizer(starting, truncation=True, max_length=max_length)["input_ids"]
        rows: list[SparseVectors | None] = [None] * len(texts)
        # On a CPU each row runs alone: BLAS chooses its order of additions by the number of rows.
        count, step = (1, 1) if device.type == "cpu" else (self.batch_size, STEP)
        for chosen, size in length_batches([len(ids) for ids in encoded], count, max_length, step):
            batch = pad([encoded[row] for row in chosen], self.tokenizer, size).to(device)
            with torch.inference_mode():
                weights = model(batch, (batch != self.tokenizer.pad_token_id).long()).float().cpu().numpy()
            for row, of_text in zip(chosen, weights, strict=True):
                rows[row] = SparseVectors.of(of_text[None], max_terms)
        return stack([row for row in rows if row is not None], len(self.token_ids))

    def save(self, base: ModelInfo, folder: Path) -> None:
        """Write encoder, tokeniser, head and vocabulary as one folder."""
        from safetensors.torch import save_file

        state = {name: tensor.detach().cpu() for name, tensor in self.model.encoder.state_dict().items()}
        save_encoder(base, state, folder)
        head = {
            name: tensor.detach().cpu().contiguous() for name, tensor in self.model.head.state_dict().items()
        }
        (folder / HEAD_FILE).parent.mkdir()
        save_file(head, folder / HEAD_FILE)
        write_json(
            folder / SETTINGS_FILE,
            {
                "query": self.query,
                "max_terms": self.max_terms,
                "token_ids": self.token_ids,
                "idf": [round(self.idf[token_id], 6) for token_id in self.token_ids],
            },
        )


def load_sparse(folder: Path, batch_size: int = 16) -> SparseEncoder:
    """Read a folder that `SparseEncoder.save` wrote.

    Raises
    ------
    ModelError
        If there is no sparse encoder in the folder.
    """
    from sunwi.models.sparse.head import SparseModel, bare_encoder, new_head

    if not (folder / SETTINGS_FILE).exists():
        next_step = "set sparse.enabled: true (sunwi recipe neural-sparse) and run dvc repro train_sparse"
        raise ModelError(str(folder), "there is no sparse encoder in it", next_step)
    info = resolve(str(folder))
    settings = read_json(folder / SETTINGS_FILE)
    token_ids = settings["token_ids"]
    config = load_config(folder)
    head = new_head(info, len(token_ids), int(config.hidden_size), read_tensors(folder / HEAD_FILE))
    model = SparseModel(bare_encoder(folder), head, token_ids, int(config.vocab_size))
    idf = dict(zip(token_ids, settings["idf"], strict=True))
    tokenizer = load_tokenizer(folder)
    return SparseEncoder(
        model, tokenizer, token_ids, idf, settings["query"], settings["max_terms"], batch_size
    )


def pad(rows: Sequence[Sequence[int]], tokenizer: Any, size: int | None = None) -> torch.Tensor:
    """Token ids [texts, tokens], filled on the right up to `size` or the longest row."""
    import torch

    size = size or max(len(row) for row in rows)
    filled = torch.full((len(rows), size), int(tokenizer.pad_token_id), dtype=torch.long)
    for place, row in enumerate(rows):
        filled[place, : len(row)] = torch.tensor(row, dtype=torch.long)
    return filled


def stack(parts: Sequence[SparseVectors], width: int) -> SparseVectors:
    """Rows of several blocks as one."""
    return SparseVectors.of_rows((part.row(row) for part in parts for row in range(len(part))), width)
