"""Documents become passages: what `prepare` and `sunwi import folder` call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from sunwi.documents.blocks import ReadDocument
from sunwi.documents.passages.layout import place_blocks, text_of
from sunwi.documents.passages.packing import Overlap, pack
from sunwi.documents.passages.sections import SEPARATOR, WITHIN, Section, split_sections
from sunwi.documents.passages.units import TokenCounter, make_units, sentence_spans
from sunwi.records.corpus import Document, Place

TitleKind = Literal["nearest_first", "headings", "heading", "file_and_headings"]
OVER_LIMIT = "passages over the limit: one sentence alone is longer"


@dataclass(frozen=True, slots=True)
class PassageSettings:
    """Tokens of a passage with its title, sentences that it repeats of the one before, and its title."""

    tokens: int
    overlap_sentences: int = 0
    title: TitleKind = "nearest_first"


def cut_documents(
    documents: Iterable[ReadDocument],
    settings: PassageSettings,
    count_tokens: TokenCounter,
    counted: Counter[str] | None = None,
) -> Iterator[Document]:
    """The passages of documents, in reading order.

    A document's text is that of its blocks in normal form, joined by line ends. A passage is the stretch of
    it that its source's `start` and `end` say, with a table's header before it where it begins inside of
    the table. Passages end at headings and where a sheet or slide ends; inside of a section they hold
    whole blocks, or whole sentences and whole rows of blocks that are too long for one. Everything but the
    headings is in a passage, and a heading with nothing below it too.

    The id is `{path}#{key}/{n}`, or `{path}#{n}` before the first heading: `key` are the slugs of the
    headings above (`sections.Section`), n counts the section's passages from 1. So an id depends on its
    own file alone, in this on the headings up to it and on its own section up to its end.

    Parameters
    ----------
    counted
        Takes how often a rule could not be kept, by reason.
    """
    counted = Counter() if counted is None else counted
    for document in documents:
        placed = place_blocks(document.blocks)
        text = text_of(placed)
        for section in split_sections(placed):
            yield from _passages(document, section, text, settings, count_tokens, counted)


def _passages(
    document: ReadDocument,
    section: Section,
    text: str,
    settings: PassageSettings,
    count: TokenCounter,
    counted: Counter[str],
) -> Iterator[Document]:
    title = _title(document, section, settings.title)
    # A title of over half the limit does not shorten the passages further.
    budget = max(settings.tokens - (count([title])[0] + 1 if title else 0), (settings.tokens + 1) // 2)
    units = make_units(section.blocks, budget, count)
    overlap = None
    if settings.overlap_sentences:
        texts = [one for one in section.blocks if not one.rows]
        spans = [span for one in texts for span in sentence_spans(one.text, one.start)]
        overlap = Overlap(settings.overlap_sentences, spans, text, count)
    stem = f"{document.path}#{section.key}/" if section.key else f"{document.path}#"
    for number, packed in enumerate(pack(units, budget, overlap), start=1):
        counted[OVER_LIMIT] += packed.tokens > budget
        content = text[packed.start : packed.end]
        yield Document(
            docid=f"{stem}{number}",
            content=f"{packed.header}\n{content}" if packed.header else content,
            title=title or None,
            src=document.format,
            source=Place(
                file=document.path,
                page=packed.page,
                part=section.part,
                headings=section.headings,
                start=packed.start,
                end=packed.end,
            ),
        )


def _title(document: ReadDocument, section: Section, kind: TitleKind) -> str:
    if kind == "file_and_headings":
        stem = PurePosixPath(document.path).stem
        return SEPARATOR.join(part for part in (stem, section.title) if part)
    if kind == "headings" or not section.headings:
        return section.title
    if kind == "heading":
        return section.headings[-1]
    return WITHIN.join(reversed(section.headings))
