"""The tokens that a sparse head may activate: those of Korean and English text, and how rare each is."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sunwi.errors import DataError

# A word-start mark (SentencePiece) or a continuation mark (WordPiece), then Hangul alone.
HANGUL = re.compile(r"^(?:▁|##)?[가-힣]+$")


def restricted_vocabulary(tokenizer: Any, texts: Sequence[str], limit: int) -> list[int]:
    """Token ids, rising: those that occur in the texts, then all of Hangul, `limit` at most.

    A multilingual vocabulary is mostly other scripts, which a Korean index can never need; a head over it
    costs time and memory and activates noise. Hangul that the texts lack is kept for passages to come.
    Tokens without a letter or digit and special tokens are left out; of too many the rarest go.

    Raises
    ------
    DataError
        If no token is left.
    """
    counts = token_counts(tokenizer, texts)
    special = set(tokenizer.all_special_ids)
    by_id = {token_id: token for token, token_id in tokenizer.get_vocab().items() if token_id not in special}
    used = [
        token_id
        for token_id, token in by_id.items()
        if counts[token_id] and any(char.isalnum() for char in token)
    ]
    spare = [token_id for token_id, token in by_id.items() if not counts[token_id] and HANGUL.match(token)]
    chosen = sorted(used, key=lambda token_id: (-counts[token_id], token_id)) + sorted(spare)
    if not used:
        raise DataError("no token of the texts has a letter or digit", "check the corpus and sparse.model")
    return sorted(chosen[:limit])


def token_counts(tokenizer: Any, texts: Sequence[str]) -> Counter[int]:
    """In how many texts each token id occurs."""
    counts: Counter[int] = Counter()
    for row in tokenizer(list(texts), add_special_tokens=False, truncation=False)["input_ids"]:
        counts.update(set(row))
    return counts


def token_idf(counts: Counter[int], token_ids: Sequence[int], texts: int) -> dict[int, float]:
    """idf(t) = log(1 + (N - df + .5) / (df + .5)), Lucene's form (Robertson & Zaragoza 2009).

    Examples
    --------
    >>> round(token_idf(Counter({7: 1}), [7], texts=3)[7], 4)
    0.9808
    """
    return {
        token_id: math.log(1 + (texts - counts[token_id] + 0.5) / (counts[token_id] + 0.5))
        for token_id in token_ids
    }
