"""Index terms of a text, by tokeniser: Kiwi's morphemes, words, character bigrams, a model's subwords."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING

from sunwi.errors import DataError, ModelError
from sunwi.text import TOKENISER_VERSION, morphemes, search_terms, squeeze

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENISERS = ("kiwi", "kiwi+bigram", "whitespace", "bigram", "subword:MODEL")
SUBWORD = "subword:"
STREAMED = 16_384  # texts whose terms are held at a time: 150 MB with bigrams, at 100 characters a text
BIGRAM = "\x02"  # before a bigram that is added to morphemes: no term of Kiwi contains it


def index_terms(texts: Sequence[str], tokenizer: str, label: str = "morphemes") -> list[list[str]]:
    """Index terms of each text by the tokeniser that is named.

    `kiwi`: content morphemes and whole compound nouns; `kiwi+bigram`: the same, then the text's character
    bigrams, marked; `whitespace`; `bigram`: character bigrams of the squeezed text; `subword:MODEL`: the
    tokens of a model (builtin name, hub id or folder), lower-cased.

    Raises
    ------
    DataError
        If the tokeniser is not known.
    ModelError
        If the model of `subword:MODEL` cannot be resolved or has no tokenizer.json.
    """
    if tokenizer == "kiwi":
        return search_terms(texts, label)
    if tokenizer == "kiwi+bigram":
        # A name that is analysed one way in a question and another way in its passage still shares these.
        both = zip(search_terms(texts, label), texts, strict=True)
        return [terms + [BIGRAM + pair for pair in _bigrams(text)] for terms, text in both]
    if tokenizer == "whitespace":
        return [text.lower().split() for text in texts]
    if tokenizer == "bigram":
        return [_bigrams(text) for text in texts]
    if tokenizer.startswith(SUBWORD):
        encoded = _subwords(tokenizer.removeprefix(SUBWORD)).encode_batch(
            [text.lower() for text in texts], add_special_tokens=False
        )
        return [[token for token in row.tokens if _has_letter(token)] for row in encoded]
    next_step = f"set bm25.tokenizer to one of {', '.join(TOKENISERS)}"
    raise DataError(f"unknown tokeniser {tokenizer!r}", next_step)


def term_stream(texts: Sequence[str], tokenizer: str, label: str = "morphemes") -> Iterator[list[str]]:
    """`index_terms` text by text, a block analysed at a time: a corpus's terms are many times its texts."""
    for start in range(0, len(texts), STREAMED):
        yield from index_terms(texts[start : start + STREAMED], tokenizer, label)


def terms_version(tokenizer: str) -> str:
    """What the terms of a text depend on beside the text: rules, analyser, model."""
    if tokenizer.startswith("kiwi"):
        return f"{tokenizer} {TOKENISER_VERSION} kiwipiepy={version('kiwipiepy')}"
    if tokenizer.startswith(SUBWORD):
        from sunwi.models.resolver import resolve

        return f"{SUBWORD}{resolve(tokenizer.removeprefix(SUBWORD)).content_hash}"
    return tokenizer


def term_weight(term: str, bigram_weight: float) -> float:
    """The weight of a query's term: a bigram that is added to morphemes weighs less than they do."""
    return bigram_weight if term.startswith(BIGRAM) else 1.0


def overlap_terms(texts: Sequence[str], tokenizer: str) -> list[list[str]]:
    """The terms in which a question's overlap with a passage is counted.

    Of Kiwi and of subwords the morphemes: a compound counts once, and a share of subwords says little.
    """
    by_morphemes = tokenizer.startswith(("kiwi", SUBWORD))
    return morphemes(texts) if by_morphemes else index_terms(texts, tokenizer)


@lru_cache(maxsize=2)
def _subwords(spec: str) -> Tokenizer:
    from tokenizers import Tokenizer

    from sunwi.models.resolver import resolve

    path = resolve(spec).folder / "tokenizer.json"
    if not path.exists():
        raise ModelError(spec, "it has no tokenizer.json", "save it with a fast tokenizer, or use kiwi")
    settings = json.loads(path.read_text(encoding="utf-8"))
    # A file that was saved with them would cut long passages or fill short ones.
    return Tokenizer.from_str(json.dumps({**settings, "truncation": None, "padding": None}))


def _bigrams(text: str) -> list[str]:
    flat = squeeze(text)
    return [flat] if len(flat) == 1 else [left + right for left, right in pairwise(flat)]


def _has_letter(token: str) -> bool:
    return any(char.isalnum() for char in token)
