"""How OpenSearch names the entries of a sparse vector, and which of ours fall together there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ServerTokens:
    """Names of the vocabulary's entries on the server.

    ML Commons names a token by decoding its id alone. A decoder drops SentencePiece's mark of a word's start,
    so that "▁서울" and "서울" are both "서울"; the bundle's tokenizer.json has none (`naming_tokenizer`).
    """

    names: list[str]  # [vocabulary]
    group_of: list[int]  # [vocabulary]: entries of one name have one number, in order of first use

    @property
    def groups(self) -> int:
        """Number of distinct names."""
        return len(set(self.group_of))

    def collisions(self, terms: Sequence[str]) -> dict[str, list[str]]:
        """Name to the entries that share it, where there are several; sorted by name."""
        entries: dict[str, list[str]] = defaultdict(list)
        for name, term in zip(self.names, terms, strict=True):
            entries[name].append(term)
        return {name: sharing for name, sharing in sorted(entries.items()) if len(sharing) > 1}


def naming_tokenizer(tokenizer: Any) -> Any:
    """A copy of a transformers tokenizer that decodes an id to its entry's own name, mark included.

    Servers before OpenSearch 3.2 refuse a query in which two tokens have one name.
    """
    from tokenizers import Tokenizer

    settings = json.loads(tokenizer.backend_tokenizer.to_str())
    return Tokenizer.from_str(json.dumps({**settings, "decoder": None}, ensure_ascii=False))


def server_tokens(tokenizer: Any, token_ids: Sequence[int]) -> ServerTokens:
    """Decode every id alone, as the server does with this tokenizer."""
    names: list[str] = [tokenizer.decode([token_id]) for token_id in token_ids]
    numbers: dict[str, int] = {}
    return ServerTokens(names, [numbers.setdefault(name, len(numbers)) for name in names])
