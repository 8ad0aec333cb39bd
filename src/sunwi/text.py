"""Korean text: normal form, morphemes, overlap, n-grams."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from sunwi.cache import RowCache
from sunwi.runtime import available_cpus, progress, text_hash

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Token

# What a Korean search index keeps of Kiwi's tags (Sejong set): nouns, verb and adjective stems, roots,
# adverbs, determiners, Latin, Han, numbers and their units. Endings, josa, suffixes and symbols go.
CONTENT_TAGS = ("N", "VV", "VA", "XR", "MA", "MM", "SL", "SH", "SN", "XPN", "W_HASHTAG")
_NOT_CONTENT = frozenset({"NP", "NNB"})
_FUNCTION_STEMS = frozenset({"하", "되", "있", "없", "같", "않", "이", "그", "저"})
TOKENISER_VERSION = "2"  # part of the cache's key: raise it when the rules below change

_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]+")
_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffe]")


def normalise(text: str) -> str:
    """NFC, without control and zero-width characters, spaces run together, lines stripped."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", text)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def squeeze(text: str) -> str:
    """Letters and digits alone, lower-cased: the form in which near-copies look alike."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())


def char_ngrams(text: str, size: int) -> set[str]:
    """Distinct character n-grams of the squeezed text."""
    flat = squeeze(text)
    return {flat[start : start + size] for start in range(len(flat) - size + 1)}


def jaccard(left: set[str], right: set[str]) -> float:
    """|left & right| / |left | right|; 0 when both are empty."""
    union = len(left | right)
    return len(left & right) / union if union else 0.0


def overlap(question: Sequence[str], passage: Sequence[str] | set[str]) -> float:
    """Share of the question's distinct morphemes that its passage has, 0 to 1; 0 for an empty question."""
    asked = set(question)
    return len(asked & set(passage)) / len(asked) if asked else 0.0


@lru_cache(maxsize=1)
def kiwi() -> Kiwi:
    """The morphological analyser, loaded once a process."""
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=available_cpus())


def content_morphemes(tokens: Sequence[Token]) -> list[str]:
    """Index terms of one analysed text: content tags alone, Latin lower-cased, in reading order."""
    terms: list[str] = []
    for token in tokens:
        if token.tag in _NOT_CONTENT or not token.tag.startswith(CONTENT_TAGS):
            continue
        if token.tag[0] == "V" and token.form in _FUNCTION_STEMS:
            continue
        terms.append(token.form.lower())
    return terms


def morphemes(texts: Sequence[str], label: str = "morphemes") -> list[list[str]]:
    """Index terms of each text by Kiwi; cached row by row, because analysis is BM25's slowest step."""
    from kiwipiepy import __version__ as kiwi_version

    keys = [text_hash(kiwi_version, TOKENISER_VERSION, text) for text in texts]
    with RowCache("morphemes") as cache:
        known = {key: value.decode("utf-8") for key, value in cache.get_many(keys).items()}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            analysed = kiwi().tokenize(list(missing.values()))
            fresh: dict[str, str] = {}
            for key, tokens in progress(zip(missing, analysed, strict=True), len(missing), label, "text"):
                fresh[key] = "\n".join(content_morphemes(tokens))
            cache.put_many((key, value.encode("utf-8")) for key, value in fresh.items())
            known.update(fresh)
    return [known[key].split("\n") if known[key] else [] for key in keys]


def sentences(text: str) -> list[str]:
    """Sentences in reading order."""
    return [part.text for part in kiwi().split_into_sents(text)]
