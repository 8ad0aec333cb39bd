"""Tokens of texts by a model's own tokenizer, without its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sunwi.errors import ModelError
from sunwi.forked import tokenizer_of
from sunwi.models import builtin

FILE = "tokenizer.json"


def token_counter(spec: str) -> Callable[[Sequence[str]], list[int]]:
    """A function that counts each text's tokens, special ones not among them.

    Parameters
    ----------
    spec
        A builtin model, a Hugging Face id or a folder; of a hub's model only its tokenizer is downloaded.

    Raises
    ------
    ModelError
        If the model has no tokenizer.json, or cannot be reached.
    """
    path = _tokenizer_file(spec)
    if not path.exists():
        raise ModelError(spec, f"there is no {path}", "set corpus.tokenizer to a model with a fast tokenizer")
    tokenizer = tokenizer_of(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts: Sequence[str]) -> list[int]:
        rows = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(row.ids) for row in rows]

    return count


def _tokenizer_file(spec: str) -> Path:
    if Path(spec).is_dir():
        return Path(spec) / FILE
    if spec != builtin.SPEC:
        return _from_hub(spec)
    return builtin.builtin_folder() / FILE


def _from_hub(spec: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(spec, FILE))
    except Exception as error:  # the hub's client raises many kinds; all mean the same to the user
        raise ModelError(
            spec,
            f"{FILE} of {spec} is neither in the local cache nor downloadable ({type(error).__name__})",
            f"connect to the hub, or name a folder; offline set corpus.tokenizer to {builtin.SPEC}",
        ) from error
