"""How OpenSearch names the entries of a sparse vector."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sunwi.errors import DataError


def naming_tokenizer(tokenizer: Any) -> Any:
    """A copy of a transformers tokenizer that decodes an id to its entry's own name, mark included.

    Servers before OpenSearch 3.2 refuse a query in which two tokens have one name.
    """
    from tokenizers import Tokenizer

    settings = json.loads(tokenizer.backend_tokenizer.to_str())
    return Tokenizer.from_str(json.dumps({**settings, "decoder": None}, ensure_ascii=False))


def server_names(tokenizer: Any, token_ids: Sequence[int]) -> list[str]:
    """Names of the vocabulary's entries: every id decoded alone, as the server does with this tokenizer.

    Raises
    ------
    DataError
        If two entries have one name: the server would mix their weights.
    """
    names: list[str] = [tokenizer.decode([token_id]) for token_id in token_ids]
    if len(set(names)) < len(names):
        shared = sorted(name for name, count in Counter(names).items() if count > 1)
        what = f"{len(shared)} names stand for several tokens, such as {shared[0]!r}"
        raise DataError(what, "report this with the tokenizer of the base model")
    return names
