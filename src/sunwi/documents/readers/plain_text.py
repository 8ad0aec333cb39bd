"""Plain text in the encodings of Korean data: paragraphs by empty lines, hard-wrapped lines joined."""

from __future__ import annotations

import re
from pathlib import Path

from sunwi.corpus.decode import decode_file
from sunwi.documents.blocks import Block
from sunwi.documents.reader import Extracted, Reader, ReadingFault

WRAPPED = 30  # characters: a hard-wrapped line has at least so many
_SENTENCE_END = re.compile(r"[.?!:;。…”\"')\]]\s*$")
_LIST_MARK = re.compile(r"\s*(?:[-–•·‣○●□■▶※*]|\(?\d{1,3}[.)]|\(?[가-하][.)]|[①-⑳])\s")


def decoded(path: Path) -> str:
    """A file's text.

    Raises
    ------
    ReadingFault
        If it is in no encoding that is known, or has no text.
    """
    found = decode_file(path)
    if found.text is None:
        problem = found.problems[0]
        line = f" (line {problem.line})" if problem.line else ""
        raise ReadingFault(f"{problem.message}{line}", "save it as UTF-8 and run again")
    text = found.text.encode("utf-8", "replace").decode()  # halves of surrogate pairs
    if not text.strip():
        raise ReadingFault("it has no text", "delete it, or name it in .sunwiignore")
    return text


def read(path: Path, ocr: bool) -> Extracted:  # noqa: ARG001  a reader's signature
    """Paragraphs of a text file."""
    blocks: list[Block] = []
    for group in re.split(r"\n[ \t\r\f]*\n", decoded(path)):
        lines = [line.strip() for line in group.split("\n") if line.strip()]
        if _is_wrapped(lines):
            blocks.append(Block(kind="paragraph", text="\n".join(lines)))
        else:
            blocks.extend(
                Block(kind="list_item" if _LIST_MARK.match(line) else "paragraph", text=line)
                for line in lines
            )
    return Extracted(blocks, laid_out=True)


def _is_wrapped(lines: list[str]) -> bool:
    """Whether lines were cut at one width: about equal, long, most without the end of a sentence."""
    if len(lines) < 2 or any(_LIST_MARK.match(line) for line in lines):
        return False
    whole = lines[:-1]
    widths = [len(line) for line in whole]
    open_ended = sum(not _SENTENCE_END.search(line) for line in whole)
    return (
        min(widths) >= WRAPPED
        and min(widths) >= 0.75 * max(widths)
        and 2 * open_ended > len(whole)
        and len(lines[-1]) <= 1.1 * max(widths)
    )


READER = Reader(formats=frozenset({"text"}), read=read, rules="1")
