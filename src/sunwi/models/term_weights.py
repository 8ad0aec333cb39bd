"""M3's lexical weights of texts, cached row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sunwi.cache import RowCache, longest_first
from sunwi.models.heads import lexical_weights, load_head, weights_from_bytes, weights_to_bytes
from sunwi.models.hidden_states import HiddenStates
from sunwi.models.shared_tokenizer import shared_tokenizer
from sunwi.models.spec import Side
from sunwi.runtime import text_hash

if TYPE_CHECKING:
    import torch


def term_weights(
    states: HiddenStates,
    texts: Sequence[str],
    side: Side,
    max_length: int,
    precision_key: tuple[str, ...],
    chunk: int,
) -> list[dict[int, float]]:
    """The weight of each distinct token of each text, by token id.

    Parameters
    ----------
    precision_key
        What the low bits of `states` depend on beside model and text.
    chunk
        Rows computed between two commits to the cache.

    Raises
    ------
    ModelError
        If the model has no lexical head.
    """
    head = load_head(states.info, "lexical")  # raises before anything is read
    prefix = states.info.prefix(side)
    settings = (states.info.content_hash, prefix, str(max_length), *precision_key)
    keys = [text_hash(*settings, text) for text in texts]

    def weighted(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
        for part in parts:
            fresh = _fresh(states, [prefix + texts[row] for row in part], head, max_length)
            yield map(weights_to_bytes, fresh)

    with RowCache("term_weights") as cache:
        rows = cache.fill(keys, weighted, chunk, longest_first(texts, keys))
    return [weights_from_bytes(row) for row in rows]


def _fresh(
    states: HiddenStates, texts: Sequence[str], head: dict[str, torch.Tensor], max_length: int
) -> list[dict[int, float]]:
    tokenizer = shared_tokenizer(states.info.folder)
    unused = {
        tokenizer.cls_token_id,
        tokenizer.eos_token_id,
        tokenizer.pad_token_id,
        tokenizer.unk_token_id,
    }
    found: list[dict[int, float]] = [{} for _ in texts]
    for rows, ids, hidden, mask in states.batches(texts, max_length):
        for row, weights in zip(rows, lexical_weights(ids, hidden, mask, head, unused), strict=True):
            found[row] = weights
    return found
