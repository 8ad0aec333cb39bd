"""Markdown by markdown-it-py: its headings, lists and tables as blocks, its marks gone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sunwi.documents.blocks import Block
from sunwi.documents.reader import Extracted, Reader, ReadingFault
from sunwi.documents.readers._tables import table_block
from sunwi.documents.readers.plain_text import decoded

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_TAG = re.compile(r"<[^>]{0,1000}>|<!--.*?-->", re.DOTALL)


def read(path: Path, ocr: bool) -> Extracted:  # noqa: ARG001  a reader's signature
    """Blocks of a Markdown file."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(_FRONT_MATTER.sub("", decoded(path)))
    blocks = _blocks(tokens)
    if not blocks:
        raise ReadingFault("it has no text", "delete it, or name it in .sunwiignore")
    return Extracted(blocks)


def _blocks(tokens: list[Token]) -> list[Block]:
    blocks: list[Block] = []
    rows: list[list[str]] = []
    headers = level = depth = 0
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
            case "heading_close":
                level = 0
            case "list_item_open" | "list_item_close":
                depth += token.nesting
            case "table_open":
                rows, headers = [], 0
            case "thead_close":
                headers = len(rows)
            case "tr_open":
                rows.append([])
            case "table_close":
                block = table_block(rows, header_rows=headers)
                blocks += [block] if block else []
                rows = []
            case "inline" if rows:
                rows[-1].append(_text(token))
            case "inline":
                blocks += _inline(_text(token), level, depth)
            case "fence" | "code_block" | "html_block":
                content = _TAG.sub(" ", token.content) if token.type == "html_block" else token.content
                blocks += _inline(content.strip(), 0, 0)
    return blocks


def _inline(text: str, level: int, depth: int) -> list[Block]:
    if not text.strip():
        return []
    kind = "heading" if level else "list_item" if depth else "paragraph"
    return [Block.model_validate({"kind": kind, "text": text.strip(), "level": level})]


def _text(token: Token) -> str:
    parts = []
    for child in token.children or []:
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif child.type == "image":
            parts.append(child.content)
    return "".join(parts)


READER = Reader(formats=frozenset({"markdown"}), read=read, rules="1", libraries=("markdown-it-py",))
