"""Makes documents whose text is known, in nine formats, from the demo's corpus.

python -m benchmarks.documents.made FOLDER [--documents 20] [--classes JARS]

Each document has headings, paragraphs, a list and a table. PDF comes from Chromium with its heads and feet
(one in three in two columns), DOCX, PPTX and XLSX from python-docx, python-pptx and openpyxl, HWP and HWPX
from hwplib and hwpxlib: `mvn -f benchmarks/documents/pom.xml dependency:copy-dependencies` fetches their
jars, for --classes.
The text of a document is NAME.tsv in FOLDER/source; its files are in FOLDER/made.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import shutil
import subprocess
from itertools import groupby
from pathlib import Path

from openpyxl import Workbook

HERE = Path(__file__).parent
CORPUS = Path("data/demo/corpus.jsonl")
Line = list[str]
STYLE = """@page{margin:2cm} body{font-family:NanumGothic;font-size:11pt;line-height:1.6}
table{border-collapse:collapse} td,th{border:1px solid;padding:3px}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--classes", help="jars of hwplib and hwpxlib; without it no HWP and HWPX")
    arguments = parser.parse_args()
    source, made = arguments.folder / "source", arguments.folder / "made"
    for folder in (source, made):
        folder.mkdir(parents=True, exist_ok=True)
    passages = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    for number in range(arguments.documents):
        lines = document(random.Random(number), passages)
        name = f"문서{number:04}"
        text = "".join("\t".join(line) + "\n" for line in lines)
        (source / f"{name}.tsv").write_text(text, encoding="utf-8")
        write(lines, made / name, columns=number % 3 == 0)
    if arguments.classes:
        command = ["java", "-cp", arguments.classes, str(HERE / "Writer.java"), str(source)]
        subprocess.run(command, check=True)
        for path in sorted(source.glob("*.hwp*")):
            shutil.move(path, made / path.name)


def document(rng: random.Random, passages: list[dict[str, str]]) -> list[Line]:
    """Lines of a document: H level text, P text, L text, T cell cell."""
    chosen = rng.sample(passages, 6)
    texts = [" ".join(passage["content"].replace("\t", " ").split()) for passage in chosen]
    lines: list[Line] = [["H", "1", f"안내서 제{rng.randint(1, 99)}호"]]
    for section, text in enumerate(texts[:4], start=1):
        lines.append(["H", "2", f"{section}. {' '.join(text.split()[:3])}"])
        sentences = text.replace("다. ", "다.\n").split("\n")
        lines += [["P", " ".join(sentences[start : start + 3])] for start in range(0, len(sentences), 3)]
        if section == 2:
            words = texts[4].split()
            lines += [["L", " ".join(words[index : index + 4])] for index in (0, 4, 8)]
        if section == 3:
            lines.append(["T", "구분", "내용", "금액"])
            words = texts[5].split()
            lines += [
                ["T", words[row], " ".join(words[row + 4 : row + 7]), str(rng.randint(10, 9999))]
                for row in range(4)
            ]
    return lines


def write(lines: list[Line], stem: Path, *, columns: bool) -> None:
    page = as_html(lines, columns=False)
    stem.with_suffix(".html").write_text(page, encoding="utf-8")
    stem.with_suffix(".md").write_text(as_markdown(lines), encoding="utf-8")
    printed = stem.with_suffix(".print.html")
    printed.write_text(as_html(lines, columns=columns), encoding="utf-8")
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--print-to-pdf={stem}.pdf",
        str(printed),
    ]
    subprocess.run(command, check=True, capture_output=True)
    printed.unlink()
    as_docx(lines, stem.with_suffix(".docx"))
    as_pptx(lines, stem.with_suffix(".pptx"))
    as_xlsx(lines, stem.with_suffix(".xlsx"))


def kinds(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    return [(kind, list(group)) for kind, group in groupby(lines, key=lambda line: line[0])]


def as_html(lines: list[Line], *, columns: bool) -> str:
    body = []
    for kind, group in kinds(lines):
        rows = [[html.escape(cell) for cell in line[1:]] for line in group]
        if kind == "H":
            body += [f"<h{level}>{text}</h{level}>" for level, text in rows]
        elif kind == "P":
            body += [f"<p>{text}</p>" for (text,) in rows]
        elif kind == "L":
            body.append("<ul>" + "".join(f"<li>{text}</li>" for (text,) in rows) + "</ul>")
        else:
            head = "".join(f"<th>{cell}</th>" for cell in rows[0])
            cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows[1:])
            body.append(f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>")
    style = f"{STYLE} body{{columns:2}}" if columns else STYLE
    content = "\n".join(body)
    return (
        f"<!doctype html><meta charset=utf-8><title>안내</title><style>{style}</style><body>{content}</body>"
    )


def as_markdown(lines: list[Line]) -> str:
    parts = []
    for kind, group in kinds(lines):
        if kind == "H":
            parts += [f"{'#' * int(level)} {text}" for _, level, text in group]
        elif kind == "P":
            parts += [text for _, text in group]
        elif kind == "L":
            parts.append("\n".join(f"- {text}" for _, text in group))
        else:
            rows = [f"| {' | '.join(line[1:])} |" for line in group]
            parts.append("\n".join([rows[0], "|---" * (len(group[0]) - 1) + "|", *rows[1:]]))
    return "\n\n".join(parts) + "\n"


def as_docx(lines: list[Line], path: Path) -> None:
    from docx import Document

    made = Document()
    made.sections[0].header.paragraphs[0].text = "사내 자료"
    for kind, group in kinds(lines):
        if kind == "T":
            table = made.add_table(len(group), len(group[0]) - 1, style="Table Grid")
            for row, line in enumerate(group):
                for column, cell in enumerate(line[1:]):
                    table.cell(row, column).text = cell
            continue
        for line in group:
            if kind == "H":
                made.add_heading(line[2], int(line[1]))
            else:
                made.add_paragraph(line[1], style="List Bullet" if kind == "L" else None)
    made.save(str(path))


def as_pptx(lines: list[Line], path: Path) -> None:
    from pptx import Presentation
    from pptx.util import Inches

    made = Presentation()
    slide = body = None
    for kind, group in kinds(lines):
        for line in group if kind != "T" else group[:1]:
            if kind == "H" or slide is None:
                slide = made.slides.add_slide(made.slide_layouts[1])
                slide.shapes.title.text = line[2]
                body = slide.placeholders[1].text_frame
            elif kind == "T":
                shape = slide.shapes.add_table(
                    len(group), len(line) - 1, Inches(1), Inches(4), Inches(6), Inches(2)
                )
                for row, cells in enumerate(group):
                    for column, cell in enumerate(cells[1:]):
                        shape.table.cell(row, column).text = cell
            elif not body.text:
                body.text = line[1]
            else:
                body.add_paragraph().text = line[1]
    made.save(str(path))


def as_xlsx(lines: list[Line], path: Path) -> None:
    made = Workbook()
    sheet = made.active
    sheet.title = "안내"
    for line in lines:
        sheet.append(line[2:] if line[0] == "H" else line[1:])
    made.save(path)


if __name__ == "__main__":
    main()
