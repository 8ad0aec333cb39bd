"""Texts to padded arrays by an export's own tokenizer.json, without torch and transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sunwi.models.batches import length_batches
from sunwi.models.export.graph import TOKENIZER_FILE, Feed
from sunwi.runtime import atomic_write

OF_ENCODING = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}


def write_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write tokenizer.json without padding and truncation, which each call sets."""
    from tokenizers import Tokenizer

    copy = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    copy.no_truncation()
    copy.no_padding()
    with atomic_write(folder / TOKENIZER_FILE, "wb") as file:
        file.write(copy.to_str(pretty=True).encode("utf-8"))


class Tokens:
    """An export's tokeniser."""

    def __init__(self, folder: Path, pad_id: int) -> None:
        from tokenizers import Tokenizer

        self._tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._pad_id = pad_id

    def batches(
        self, texts: Sequence[Any], max_length: int, batch_size: int, inputs: Sequence[str]
    ) -> Iterator[tuple[list[int], Feed]]:
        """Yield rows and the arrays of a batch, longest first; texts are strings or pairs of strings."""
        self._tokenizer.enable_truncation(max_length=max_length, strategy="longest_first")
        encoded = self._tokenizer.encode_batch(list(texts))
        for rows, size in length_batches([len(row.ids) for row in encoded], batch_size, max_length):
            feed = {}
            for name in inputs:
                filler = self._pad_id if name == "input_ids" else 0
                array = np.full((len(rows), size), filler, dtype=np.int64)
                for place, row in enumerate(rows):
                    values = getattr(encoded[row], OF_ENCODING[name])
                    array[place, : len(values)] = values
                feed[name] = array
            yield rows, feed
