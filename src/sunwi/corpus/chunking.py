"""Chunking: a passage over the limit is cut at sentence ends, into as few and as even parts as possible."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from sunwi.errors import InputProblems, Problem
from sunwi.records.corpus import Document
from sunwi.text import sentences


def chunk_documents(documents: Sequence[Document], max_chars: int) -> list[Document]:
    """Documents of at most `max_chars` characters as they are, the others as chunks.

    A document whose source has a span stays whole: it was cut by the structure of its file.

    A chunk's docid is `{docid}#{n}` with n from 1; its `parent` is the docid. Qrels and given questions keep
    naming the parent: score a ranking of chunks by its parents' best chunk (MaxP, Dai & Callan 2019).

    Raises
    ------
    InputProblems
        If a chunk's docid is that of another document.
    """
    taken = {document.docid for document in documents}
    chunks: list[Document] = []
    problems: list[Problem] = []
    for document in documents:
        is_cut = document.source is not None and document.source.end is not None
        parts = [] if is_cut else split_text(document.content, max_chars)
        if len(parts) <= 1:
            chunks.append(document)
            continue
        for number, part in enumerate(parts, start=1):
            docid = f"{document.docid}#{number}"
            if docid in taken:
                what = f"chunk {number} of {document.docid!r} would have the docid of another document"
                problems.append(Problem("corpus.jsonl", None, what))
            update = {"docid": docid, "content": part, "parent": document.docid}
            chunks.append(document.model_copy(update=update))
    if problems:
        raise InputProblems(problems, "give the documents named `docid#number` another docid")
    return chunks


def split_text(text: str, max_chars: int) -> list[str]:
    """Cut a text at its sentence ends into parts of at most `max_chars` characters, in reading order.

    A sentence that is longer by itself is cut at its last space within the limit, or at the limit if it has
    none. Of all ways that need the fewest parts, one with the shortest longest part is taken, so that
    the last part is not much shorter than the others.
    """
    if len(text) <= max_chars:
        return [text]
    ends = list(_piece_ends(text, max_chars))
    fewest = len(_pack(text, ends, max_chars))
    # Fewer characters a part never need fewer parts, so the least limit of `fewest` parts can be bisected.
    limit = bisect_left(range(max_chars), True, key=lambda chars: len(_pack(text, ends, chars)) <= fewest)
    return _pack(text, ends, limit)


def leading_text(text: str, max_chars: int) -> str:
    """The whole sentences from the start that fit into `max_chars` characters.

    If the first sentence alone is longer, it is cut as in `split_text`.
    """
    if len(text) <= max_chars:
        return text
    return _pack(text, list(_piece_ends(text, max_chars)), max_chars)[0]


def _piece_ends(text: str, limit: int) -> Iterator[int]:
    """Rising offsets at which the text may be cut; no piece between two of them is over the limit."""
    start = 0
    for end in _sentence_ends(text):
        last = start + len(text[start:end].rstrip())
        first = _skip_space(text, start, last)
        while last - first > limit:
            space = text.rfind(" ", first, first + limit + 1)
            start = space if space > first else first + limit
            yield start
            first = _skip_space(text, start, last)
        yield end
        start = end


def _skip_space(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start


def _sentence_ends(text: str) -> Iterator[int]:
    offset = 0
    for line in text.splitlines(keepends=True):
        end = offset
        for sentence in sentences(line):
            end = text.index(sentence, end) + len(sentence)
            yield end
        offset += len(line)
        if text[end:offset].strip():  # what the analyser leaves behind the last sentence
            yield offset


def _pack(text: str, ends: Sequence[int], limit: int) -> list[str]:
    """Fill parts with whole pieces, each as full as the limit allows."""
    parts: list[str] = []
    start = last = 0
    for end in ends:
        if last > start and len(text[start:end].strip()) > limit:
            parts.append(text[start:last].strip())
            start = last
        last = end
    parts.append(text[start:last].strip())
    return [part for part in parts if part]
