"""PDF files of a word processor: spaces that the page does not show are no spaces."""

from __future__ import annotations

from tests.documents import made_files

from sunwi.documents.registry import readers
from sunwi.documents.whole_text.whole import make_whole


def test_the_text_is_what_was_typed() -> None:
    found = readers()["pdf"][1].read(made_files.WRITER, False)
    blocks, _ = make_whole(found.blocks, laid_out=found.laid_out)
    typed = (
        "보증 한도는 2026년부터 기업마다 3억 원이며, 신용등급이 1등급인 기업은 5억 원까지 받을 수 있다. "
        "심사에는 보통 7일이 걸리고, 신청서는 PDF로 내거나 지점에서 쓴다."
    )
    assert [(block.kind, block.text) for block in blocks] == [
        ("heading", "제3조 보증 한도"),
        ("paragraph", typed),
    ]
