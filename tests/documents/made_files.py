"""Small documents whose text is known, made here."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from dochan.cfb import OleFileIO
from docx import Document
from openpyxl import Workbook
from pptx import Presentation

FILES = Path(__file__).parent / "files"
HWP = FILES / "made.hwp"  # by benchmarks/documents/Writer.java
OLD_OFFICE = FILES / "old_office.zip"  # docx(), pptx(), xlsx() as LibreOffice 7.4 saves DOC, PPT, XLS
LOCKED = FILES / "locked.zip"  # DOCX by msoffcrypto-tool 6.1.0, PDF (AES-256, old.pdf: RC4) by pypdf 7.1.1
SCANNED = FILES / "scanned.pdf"  # three lines in NanumGothic, drawn by Pillow 13.0: a picture without text
WRITER = FILES / "writer.pdf"  # a heading and a paragraph, printed by LibreOffice Writer 7.4
HWP_PASSWORD, HWP_DRM, HWP_CERTIFICATE = 1 << 1, 1 << 4, 1 << 8  # properties in an HWP's FileHeader
SECTION = (
    '<?xml version="1.0" encoding="UTF-8"?>{doctype}<hs:sec xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section"'
    ' xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph">{body}</hs:sec>'
)


def docx() -> bytes:
    made = Document()
    made.sections[0].header.paragraphs[0].text = "사내 자료"
    made.add_heading("보증 안내", 1)
    made.add_paragraph("보증 한도는 신용등급에 따라 다르다.")
    table = made.add_table(2, 2)
    for row, cells in enumerate([("구분", "한도"), ("1등급", "8천만 원")]):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    return _saved(made)


def pptx() -> bytes:
    made = Presentation()
    for number, title in enumerate(["개요", "예산", "일정", "문의"], start=1):
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = f"{title}의 내용이다."
        slide.placeholders[1].text_frame.add_paragraph().text = f"사업부 {number}"
    return _saved(made)


def xlsx() -> bytes:
    made = Workbook()
    made.active.title = "지점"
    for row in ([None, "이름", "주소"], [None, "강남", "서울"], [None, "해운대", "부산"]):
        made.active.append(row)
    return _saved(made)


def locked_hwp(properties: int) -> bytes:
    """The made HWP with more properties; its text is scrambled, as a cipher leaves it."""
    content = bytearray(HWP.read_bytes())
    header = content.index(b"HWP Document File")
    content[header + 36] |= properties & 0xFF
    content[header + 37] |= properties >> 8
    with OleFileIO(str(HWP)) as made:
        body = made.openstream("BodyText/Section0").read()
    start = content.index(body)
    content[start : start + len(body)] = bytes(byte ^ 0xA5 for byte in body)
    return bytes(content)


def locked_hwpx() -> bytes:
    """Parts in cipher, and the manifest that says so."""
    name = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = '<f:file-entry f:full-path="Contents/section0.xml"><f:encryption-data/></f:file-entry>'
    return zipped({
        "mimetype": b"application/hwp+zip",
        "Contents/content.hpf": bytes(range(256)),
        "Contents/section0.xml": bytes(range(256)),
        "META-INF/manifest.xml": f'<f:manifest xmlns:f="{name}">{entry}</f:manifest>'.encode(),
    })  # fmt: skip


def hwpx(*paragraphs: str, doctype: str = "") -> bytes:
    body = "".join(
        f'<hp:p paraPrIDRef="0" styleIDRef="0"><hp:run charPrIDRef="0"><hp:t>{text}</hp:t></hp:run></hp:p>'
        for text in paragraphs
    )
    return zipped({
        "mimetype": b"application/hwp+zip",
        "Contents/content.hpf": b'<?xml version="1.0"?><opf:package xmlns:opf="http://www.idpf.org/2007/opf/"/>',
        "Contents/section0.xml": SECTION.format(doctype=doctype, body=body).encode(),
    })  # fmt: skip


def pdf(*pages: list[tuple[float, float, float, str]]) -> bytes:
    """A PDF in Helvetica; each page has lines of left, bottom, size (points) and text in Latin letters."""
    font, count = 3, len(pages)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        content = "\n".join(
            f"BT /F1 {size} Tf {left} {bottom} Td ({text}) Tj ET" for left, bottom, size, text in lines
        )
        resources = f"<< /Font << /F1 {font} 0 R >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources {resources}"
            f" /Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    out, starts = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        starts.append(len(out))
        out += f"{number} 0 obj\n{one}\nendobj\n".encode("latin-1")
    table = "".join(f"{start:010} 00000 n \n" for start in starts)
    tail = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n"
    tail += f"<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + tail.encode()


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _saved(made: object) -> bytes:
    out = io.BytesIO()
    made.save(out)  # type: ignore[attr-defined]  # each of the three libraries has it
    return out.getvalue()
