"""The demo's corpus written in six formats: are passages and rankings those of the clean JSONL?

python -m benchmarks.documents.demo_ranking FOLDER [--classes JARS] [--dense]

Ten passages make a file: their field is its heading, their title a heading below it, their content a
paragraph. Each format's files are read and cut as `sunwi import folder` does. A passage stands for the demo's
passage whose 5-grams it shares most of; queries are the last turns of the demo's judged dialogues.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import AP, R, nDCG

from benchmarks.documents.made import HERE, as_docx, as_html, as_markdown
from sunwi.documents.blocks import ReadDocument
from sunwi.documents.passages.cutting import PassageSettings, cut_documents
from sunwi.documents.reading import ReadingOptions, find_files, read_files
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.models.token_counts import token_counter
from sunwi.params.bm25 import Bm25Params
from sunwi.records.corpus import Document, Query
from sunwi.records.files import read_rows
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import index_terms
from sunwi.text import char_ngrams, squeeze
from sunwi.trec import read_qrels

DEMO = Path("data/demo")
MODEL = "builtin/multilingual-e5-small"
FORMATS = ("html", "md", "docx", "pdf", "hwpx", "hwp")
MEASURES = [AP @ 10, nDCG @ 10, R @ 10]
Row = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--classes", help="jars of hwplib and hwpxlib; without it no HWP and HWPX")
    parser.add_argument("--dense", action="store_true", help="the builtin encoder, too")
    arguments = parser.parse_args()
    corpus = read_rows(DEMO / "corpus.jsonl", Document)
    if not arguments.folder.exists():
        write_files(corpus, arguments.folder, arguments.classes)
    queries = {query.qid: query.messages[-1].content for query in read_rows(DEMO / "queries.jsonl", Query)}
    qrels = {qid: grades for qid, grades in read_qrels(DEMO / "qrels.tsv").items() if any(grades.values())}
    texts = {qid: queries[qid] for qid in sorted(qrels)}
    encoder = Encoder(resolve(MODEL)) if arguments.dense else None
    print(f"{len(corpus)} passages, {len(texts)} queries")
    print("format  passages  same  chars  |  retriever  AP@10  nDCG@10  R@10  top 1 as JSONL")
    owners = [document.docid for document in corpus]
    originals: dict[str, list[str]] = {}
    for name in ("jsonl", *FORMATS):
        if name == "jsonl":
            passages, of = list(corpus), owners
        else:
            folder = arguments.folder / name
            if not folder.exists():
                continue
            passages = read_passages(folder)
            of = owners_of(passages, corpus)
        same, ratio = likeness(passages, of, corpus)
        for titled in (True, False):
            rows = [passage.text if titled else passage.content for passage in passages]
            for retriever, scores in retrieved(rows, list(texts.values()), encoder):
                run = {qid: best(row, of) for qid, row in zip(texts, scores, strict=True)}
                tops = [max(found, key=lambda docid: (found[docid], docid)) for found in run.values()]
                kind = f"{retriever}{'' if titled else ', no titles'}"
                first = originals.setdefault(kind, tops)
                found = ir_measures.calc_aggregate(MEASURES, qrels, run)
                agree = np.mean([one == two for one, two in zip(tops, first, strict=True)])
                values = "  ".join(f"{found[measure]:.4f}" for measure in MEASURES)
                print(f"{name}  {len(passages)}  {same:.3f}  {ratio:.4f}  |  {kind}  {values}  {agree:.3f}")


def write_files(corpus: Sequence[Document], folder: Path, classes: str | None) -> None:
    for form in ("html", "md", "docx", "pdf"):
        (folder / form).mkdir(parents=True)
    source = folder / "source"
    source.mkdir()
    for number, start in enumerate(range(0, len(corpus), 10)):
        lines: list[list[str]] = []
        field = None
        for passage in corpus[start : start + 10]:
            if passage.src != field:
                field = passage.src
                lines.append(["H", "1", field or "기타"])
            lines += [["H", "2", passage.title or ""], ["P", " ".join(passage.content.split())]]
        stem = f"자료{number:02}"
        page = as_html(lines, columns=False)
        (folder / "html" / f"{stem}.html").write_text(page, encoding="utf-8")
        (folder / "md" / f"{stem}.md").write_text(as_markdown(lines), encoding="utf-8")
        as_docx(lines, folder / "docx" / f"{stem}.docx")
        printed = f"--print-to-pdf={folder / 'pdf' / stem}.pdf"
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", printed]
        subprocess.run([*command, str(folder / "html" / f"{stem}.html")], check=True, capture_output=True)
        (source / f"{stem}.tsv").write_text(
            "".join("\t".join(line) + "\n" for line in lines), encoding="utf-8"
        )
    if classes:
        subprocess.run(["java", "-cp", classes, str(HERE / "Writer.java"), str(source)], check=True)
        for path in sorted(source.glob("*.hwp*")):
            target = folder / path.suffix[1:]
            target.mkdir(exist_ok=True)
            path.rename(target / path.name)


def read_passages(folder: Path) -> list[Document]:
    documents = []
    for one in read_files(find_files([folder]).files, ReadingOptions()):
        if not isinstance(one, ReadDocument):
            raise SystemExit(f"{one.path}: {one.reason}")
        documents.append(one)
    return list(cut_documents(documents, PassageSettings(240), token_counter(MODEL)))


def owners_of(passages: Sequence[Document], corpus: Sequence[Document]) -> list[str]:
    grams = {document.docid: char_ngrams(squeeze(document.content), 5) for document in corpus}
    found = []
    for passage in passages:
        own = char_ngrams(squeeze(passage.content), 5)
        found.append(max(grams, key=lambda docid: (len(own & grams[docid]), docid)))
    return found


def likeness(
    passages: Sequence[Document], of: Sequence[str], corpus: Sequence[Document]
) -> tuple[float, float]:
    """Share of the demo's passages that come through as they are, and mean likeness of characters."""
    made: dict[str, str] = {}
    for passage, docid in zip(passages, of, strict=True):
        made[docid] = f"{made[docid]} {passage.content}" if docid in made else passage.content
    pairs = [
        (" ".join(document.content.split()), " ".join(made.get(document.docid, "").split()))
        for document in corpus
    ]
    ratios = [SequenceMatcher(None, *pair, autojunk=False).ratio() for pair in pairs]
    return float(np.mean([a == b for a, b in pairs])), float(np.mean(ratios))


def retrieved(texts: list[str], queries: list[str], encoder: Encoder | None) -> list[tuple[str, np.ndarray]]:
    params = Bm25Params()
    index = Bm25(index_terms(texts, params.tokenizer), params)
    found = [("BM25", index.all_scores(index_terms(queries, params.tokenizer)))]
    if encoder is not None:
        passages = encoder.encode(texts, "passage", 256).astype(np.float32)
        found.append(("dense", encoder.encode(queries, "query", 64).astype(np.float32) @ passages.T))
    return found


def best(scores: np.ndarray, of: Sequence[str]) -> dict[str, float]:
    run: dict[str, float] = {}
    for score, docid in zip(scores, of, strict=True):
        run[docid] = max(run.get(docid, -np.inf), float(score))
    return run


if __name__ == "__main__":
    main()
