"""All steps that make a document's text whole, in their order, and what they did as sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sunwi.documents.blocks import Block
from sunwi.documents.whole_text.characters import clean
from sunwi.documents.whole_text.joining import join_lines
from sunwi.documents.whole_text.running import is_page_number, repeated, shape

_ENDS = 2  # blocks at a slide's start and end that may repeat from slide to slide
_LEAST_SLIDES = 4


def make_whole(blocks: Sequence[Block], *, laid_out: bool) -> tuple[list[Block], list[str]]:
    """Blocks whose text is whole, and sentences on what was done.

    Parameters
    ----------
    laid_out
        Whether line ends within a block are those of a page: words that they cut are joined. Otherwise they
        are the writer's, and become spaces.
    """
    counts: Counter[str] = Counter()
    kept = _without_running(blocks, counts)
    made = [whole for block in kept if (whole := _whole(block, laid_out, counts)).text]
    texts = {
        "running": "running heads, feet and page numbers were left out",
        "joined": "words that a line's end had cut were joined",
        "private": "private-use characters without a known meaning were left out",
        "unknown": "characters could not be decoded (shown as \ufffd)",
    }
    return made, [f"{counts[key]:,} {text}" for key, text in texts.items() if counts[key]]


def _whole(block: Block, laid_out: bool, counts: Counter[str]) -> Block:
    if block.rows:
        rows = tuple(tuple(_cleaned(cell, counts) for cell in row) for row in block.rows)
        return block.model_copy(update={"rows": rows, "text": "\n".join(" | ".join(row) for row in rows)})
    text = _cleaned(block.text, counts, line_ends=True)
    if laid_out and "\n" in text:
        text, joined = join_lines(text)
        counts.update(joined=joined)
    return block.model_copy(update={"text": " ".join(text.split())})


def _cleaned(text: str, counts: Counter[str], *, line_ends: bool = False) -> str:
    # normalise() strips lines: a space before a line's end, which says that no word is cut, is set again
    lines = text.split("\n") if line_ends else [text]
    parts = []
    for line in lines:
        part, private, unknown = clean(line)
        counts.update(private=private, unknown=unknown)
        parts.append(f"{part} " if line[-1:].isspace() else part)
    return "\n".join(parts) if line_ends else " ".join(parts).strip()


def _without_running(blocks: Sequence[Block], counts: Counter[str]) -> list[Block]:
    """Blocks of slides without those that repeat at the slides' starts and ends."""
    slides: dict[str, list[int]] = {}
    for index, block in enumerate(blocks):
        if (block.part or "").startswith("slide ") and not block.rows:
            slides.setdefault(block.part or "", []).append(index)
    ends = {name: _ends(indices, blocks) for name, indices in slides.items()}
    if len(slides) < _LEAST_SLIDES:
        return list(blocks)
    running = repeated([[_key(blocks[index]) for index in indices] for indices in ends.values()])
    gone = {index for indices in ends.values() for index in indices if _key(blocks[index]) in running}
    counts.update(running=len(gone))
    return [block for index, block in enumerate(blocks) if index not in gone]


def _ends(indices: Sequence[int], blocks: Sequence[Block]) -> Iterable[int]:
    chosen = dict.fromkeys([*indices[:_ENDS], *indices[-_ENDS:]])
    return [index for index in chosen if blocks[index].kind != "heading"]


def _key(block: Block) -> str:
    return "#" if is_page_number(block.text) else shape(block.text)
