"""Korean text: normal form, morphemes, overlap, n-grams."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version
from itertools import chain, islice
from typing import TYPE_CHECKING

from sunwi.cache import RowCache
from sunwi.forked import found_kiwi
from sunwi.runtime import available_cpus, text_hash

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Token

# What a Korean search index keeps of Kiwi's tags (Sejong set): nouns, verb and adjective stems, roots,
# adverbs, Latin, Han, numbers. Endings, josa, determiners, suffixes and symbols go (docs/search.md).
CONTENT_TAGS = ("N", "VV", "VA", "XR", "MA", "SL", "SH", "SN", "XPN", "W_HASHTAG")
COMPOUND_TAGS = frozenset({"NNG", "NNP", "XR", "SL", "SH"})  # numbers and affixes in compounds: no gain
_NOT_CONTENT = frozenset({"NP", "NNB"})
_FUNCTION_STEMS = frozenset({"하", "되", "있", "없", "같", "않", "이", "그", "저"})
TOKENISER_VERSION = "3"  # part of the cache's key: raise it when the rules below change
MORPHEMES = "morphemes"  # the row cache
ALL_CORES = 400_000  # characters: 9 seconds of one core
COMMIT = 2048  # texts analysed between two commits to the cache
PIECE = 16_384  # characters that Kiwi analyses at once: its time grows with the square of a text's sentences

_BREAKS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")  # form feeds stand between a PDF's pages
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffe]")
_SPACES = re.compile(r"\s+")
# Fillers that are drawn as nothing: Hangul's, Braille's blank, variation selectors, tags, joiners.
_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
)
_SEEN = re.compile(rf"[^\s{_UNSEEN}]")
_UNSEEN_RUNS = re.compile(f"[{_UNSEEN}]+")
_HALVES = re.compile(r"[\ud800-\udfff]")
MAX_MARKS = 30  # in a row, as Unicode's stream-safe text format has it (UAX #15, section 13); text has few
# Any run of combining marks lies within such a run; \uff9e and \uff9f become marks by NFKC.
_MARK_RUNS = re.compile(rf"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){{{MAX_MARKS + 1},}}")

# Words of asking, which passages do not have: they do not show that a question copies its passage.
FRAME_TERMS = frozenset({
    "설명", "대하", "알리", "알려주", "말하", "말해주", "궁금", "질문", "무엇", "뭐", "왜", "어떻", "어떻게",
    "어디", "언제", "얼마나", "어떤", "무슨", "이유", "까닭", "뜻", "의미", "좀",
})  # fmt: skip


def normalise(text: str) -> str:
    """NFC, without control and zero-width characters, spaces run together, lines stripped; idempotent."""
    text = _INVISIBLE.sub("", _BREAKS.sub("\n", text))  # before NFC: what they separate may compose
    text = cut_marks(text)
    text = unicodedata.normalize("NFC", text)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def cut_marks(text: str) -> str:
    """The text with at most `MAX_MARKS` combining marks in a row: normal forms sort them in quadratic time.

    Examples
    --------
    >>> len(cut_marks("a" + 1000 * "\\u0301"))
    31
    """
    return _MARK_RUNS.sub(lambda match: _first_marks(match[0]), text)


def _first_marks(run: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in run:
        marks = marks + 1 if unicodedata.combining(char) or char in "\uff9e\uff9f" else 0
        if marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def storable(text: str) -> tuple[str, list[str]]:
    """A text as files and stages can hold it, and what was changed for that, a phrase each.

    Half characters (lone surrogates) become U+FFFD, and two that make up a character become it.

    Examples
    --------
    >>> storable("\\ud83d\\ude00 \\ud83d")
    ('😀 �', ['half characters, read as U+FFFD'])
    """
    changes = []
    if _HALVES.search(text):
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if whole.count("\ufffd") > text.count("\ufffd"):
            changes.append("half characters, read as U+FFFD")
        text = whole
    if "\0" in text:
        changes.append("NUL characters, removed")
        text = text.replace("\0", "")
    if (cut := cut_marks(text)) != text:
        changes.append(f"over {MAX_MARKS} combining marks in a row, cut")
        text = cut
    return text, changes


def is_visible(text: str) -> bool:
    """Whether anything of the text can be seen.

    Examples
    --------
    >>> is_visible(" \\u3164\\u200b"), is_visible("가")
    (False, True)
    """
    return _SEEN.search(text) is not None


def visible_form(text: str) -> str:
    """NFC without characters that cannot be seen: equal where two ids look the same."""
    return unicodedata.normalize("NFC", cut_marks(_UNSEEN_RUNS.sub("", text)))


def squeeze(text: str) -> str:
    """Letters and digits alone, lower-cased: the form in which near-copies look alike."""
    whole = unicodedata.normalize("NFKC", cut_marks(text))
    return "".join(char for char in whole.lower() if char.isalnum())


def char_ngrams(text: str, size: int) -> set[str]:
    """Distinct character n-grams of the squeezed text."""
    flat = squeeze(text)
    return {flat[start : start + size] for start in range(len(flat) - size + 1)}


def jaccard(left: set[str], right: set[str]) -> float:
    """|left & right| / |left | right|; 0 when both are empty."""
    union = len(left | right)
    return len(left & right) / union if union else 0.0


def overlap(question: Iterable[str], passage: Iterable[str]) -> float:
    """Share of the question's distinct morphemes that its passage has, 0 to 1; 0 for an empty question.

    Words that only frame a question ("설명", "알리" ...) do not count.
    """
    terms = set(question) - FRAME_TERMS
    return len(terms & set(passage)) / len(terms) if terms else 0.0


@lru_cache(maxsize=1)
def kiwi_version() -> str:
    """The analyser's version, by its package's metadata: rows that are cached need no analyser loaded."""
    return version("kiwipiepy")


def kiwi(characters: int = 0) -> Kiwi:
    """The morphological analyser, loaded once a process: 4 CPU seconds.

    A stage that `sunwi dvc` has forked may find one of a single thread. For that many `characters` all cores
    are worth the 4 seconds.
    """
    found = found_kiwi() if characters < ALL_CORES else None
    return found or _kiwi_on_all_cores()


@lru_cache(maxsize=1)
def _kiwi_on_all_cores() -> Kiwi:
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


def compound_nouns(tokens: Sequence[Token]) -> list[str]:
    """Nouns that stand together without a space, as one term each, lower-cased, in reading order.

    The analyser splits "광전효과" by its dictionary, and not always alike: the whole is the term that a
    question and its passage are sure to share.
    """
    wholes: list[str] = []
    run: list[Token] = []
    for token in tokens:
        if token.tag in COMPOUND_TAGS and run and token.start == run[-1].start + run[-1].len:
            run.append(token)
            continue
        if len(run) > 1:
            wholes.append("".join(part.form for part in run).lower())
        run = [token] if token.tag in COMPOUND_TAGS else []
    if len(run) > 1:
        wholes.append("".join(part.form for part in run).lower())
    return wholes


def pieces(text: str) -> list[str]:
    """The text in pieces of at most `PIECE` characters, each analysed alone; joined they are the text.

    A cut falls behind the last line break, else full stop or space, of a piece's second half; a run of
    characters without any is cut inside.

    Examples
    --------
    >>> [len(piece) for piece in pieces("물은 흐른다. " * 3000)]
    [16384, 7616]
    """
    cut: list[str] = []
    start = 0
    while len(text) - start > PIECE:
        half, end = start + PIECE // 2, start + PIECE
        marks = (text.rfind(mark, half, end) + len(mark) for mark in ("\n", ". ", " "))
        stop = next((position for position in marks if position > half), end)
        cut.append(text[start:stop])
        start = stop
    return [*cut, text[start:]]


def morphemes(texts: Sequence[str], label: str = "morphemes") -> list[list[str]]:
    """Content morphemes of each text by Kiwi, compounds in parts alone; cached row by row."""
    return [parts for parts, _ in _joined(texts, label)]


def search_terms(texts: Sequence[str], label: str = "morphemes") -> list[list[str]]:
    """What a search index holds of each text: content morphemes, then compound nouns whole too."""
    return [parts + wholes for parts, wholes in _joined(texts, label)]


def _joined(texts: Sequence[str], label: str) -> list[tuple[list[str], list[str]]]:
    """(morphemes, compounds) of each text; those of a long text come from its pieces."""
    cut = [pieces(text) for text in texts]
    rows = iter(_analysed(list(chain.from_iterable(cut)), label))
    joined = []
    for of_text in cut:
        parts, wholes = zip(*islice(rows, len(of_text)), strict=True)
        joined.append((list(chain.from_iterable(parts)), list(chain.from_iterable(wholes))))
    return joined


_SECTION = "\x1d"  # separates the morphemes from the compounds in a cached row; no content tag covers it


def _analysed(texts: Sequence[str], label: str) -> list[tuple[list[str], list[str]]]:
    """(morphemes, compounds) of each text, from the row cache: analysis is BM25's slowest step."""

    def analysed(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
        characters = sum(len(texts[row]) for part in parts for row in part)
        for part in parts:
            yield map(_to_row, kiwi(characters).tokenize([texts[row] for row in part]))

    with RowCache(MORPHEMES) as cache:
        rows = cache.fill(morpheme_keys(texts), analysed, COMMIT, label=label)
    return [_from_row(row) for row in rows]


def morpheme_keys(texts: Sequence[str]) -> list[str]:
    """Key of each text, of one piece, in the row cache `MORPHEMES`."""
    return [text_hash(kiwi_version(), TOKENISER_VERSION, text) for text in texts]


def _to_row(tokens: Sequence[Token]) -> bytes:
    sections = (content_morphemes(tokens), compound_nouns(tokens))
    return _SECTION.join("\n".join(terms) for terms in sections).encode("utf-8")


def _from_row(row: bytes) -> tuple[list[str], list[str]]:
    sections = row.decode("utf-8").split(_SECTION)
    parts, wholes = (section.split("\n") if section else [] for section in sections)
    return parts, wholes


def sentences(text: str) -> list[str]:
    """Sentences in reading order."""
    return [part.text for piece in pieces(text) for part in kiwi().split_into_sents(piece)]


def sentences_of(texts: Sequence[str]) -> list[list[str]]:
    """Sentences of many texts, analysed on all cores; cached row by row."""
    cut = [pieces(text) for text in texts]
    rows = iter(_sentences_of(list(chain.from_iterable(cut))))
    return [list(chain.from_iterable(islice(rows, len(of_text)))) for of_text in cut]


def _sentences_of(texts: Sequence[str]) -> list[list[str]]:
    def split(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
        characters = sum(len(texts[row]) for part in parts for row in part)
        for part in parts:
            found = kiwi(characters).split_into_sents([texts[row] for row in part])
            lists = ([sentence.text for sentence in of_text] for of_text in found)
            yield (json.dumps(row, ensure_ascii=False).encode("utf-8") for row in lists)

    keys = [text_hash(kiwi_version(), text) for text in texts]
    with RowCache("sentences") as cache:
        return [json.loads(row) for row in cache.fill(keys, split, COMMIT)]
