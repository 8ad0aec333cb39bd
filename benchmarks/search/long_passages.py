"""What is lost of passages that the encoder cannot read at once, and what windows bring back.

python -m benchmarks.search.long_passages KorQuAD_v1.0_dev.json [--set pages] [--lengths 128 256 512]

articles: all paragraphs of an article are one passage. pages: neighbouring paragraphs of an article are
joined up to 1,200 characters, which is `corpus.max_chars`.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from sunwi.models.encoder import Encoder
from sunwi.models.passage_vectors import encode_passages
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.labelled import first_relevant_rank
from sunwi.search.passages import Passages, make_queries
from sunwi.search.pipeline import build_pipeline
from sunwi.search.ranking_quality import reciprocal_rank
from sunwi.search.retrievers.base import Scores
from sunwi.search.retrievers.dense import DenseRetriever

PAGE = 1200  # characters
WEIGHTS = (0.5, 1.0)  # of BM25 beside dense
HEAD = "| tokens read | vectors a passage | ranking | MRR@10 | Hit@1 | Recall@10 | seconds |"


def joined(paragraphs: Sequence[str], limit: int | None) -> Iterator[list[int]]:
    """Rows of the paragraphs that are one passage."""
    rows: list[int] = []
    size = 0
    for row, text in enumerate(paragraphs):
        if rows and limit is not None and size + 1 + len(text) > limit:
            yield rows
            rows, size = [], 0
        rows.append(row)
        size += 1 + len(text)
    yield rows


def read_joined(path: Path, limit: int | None) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Passages by docid, and (question, docid)."""
    documents: dict[str, str] = {}
    asked: list[tuple[str, str]] = []
    for number, article in enumerate(json.loads(path.read_text(encoding="utf-8"))["data"]):
        paragraphs = article["paragraphs"]
        for part, rows in enumerate(joined([one["context"] for one in paragraphs], limit)):
            docid = f"a{number:03d}-{part:02d}"
            documents[docid] = "\n".join(paragraphs[row]["context"] for row in rows)
            asked += [(qa["question"], docid) for row in rows for qa in paragraphs[row]["qas"]]
    return documents, asked


def figures(scores: Scores, relevant: Sequence[tuple[int, ...]]) -> str:
    ranks = first_relevant_rank(scores, relevant)
    values = (reciprocal_rank(ranks).mean(), (ranks == 1).mean(), (ranks <= 10).mean())
    return " | ".join(f"{value:.3f}" for value in values)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--set", choices=["articles", "pages"], default="pages")
    parser.add_argument("--lengths", type=int, nargs="+", default=[256, 512, 128])
    parser.add_argument("--passages", type=int, help="so many first passages alone, and their questions")
    parser.add_argument("--questions", type=int, default=1000)
    options = parser.parse_args()
    params = Params()
    documents, asked = read_joined(options.file, PAGE if options.set == "pages" else None)
    documents = dict(sorted(documents.items())[: options.passages])
    asked = [row for row in asked if row[1] in documents]
    random.Random(1).shuffle(asked)
    asked = asked[: options.questions]
    passages = Passages.of([Document(docid=docid, content=text) for docid, text in documents.items()])
    encoder = Encoder.of(resolve(params.encoder.model), params.encoder)
    qids, texts = [f"q{at:05d}" for at in range(len(asked))], [text for text, _ in asked]
    length = params.encoder.query_max_length
    queries = make_queries(qids, texts, encoder, length, params.bm25.tokenizer)
    relevant = [(passages.position[docid],) for _, docid in asked]
    counts = encoder.reading(passages.texts, "passage", options.lengths[0]).tokens
    sizes = [len(text) for text in passages.texts]
    print(f"{len(passages)} passages, characters: median {median(sizes):.0f}, largest {max(sizes)};")
    print(f"tokens: median {np.median(counts):.0f}, largest {counts.max()}; {len(asked)} questions\n")
    print(f"{HEAD}\n{'|---' * HEAD.count(' | ')}|---|")
    bm25: Scores | None = None
    for size in options.lengths:
        limits = params.encoder.model_copy(update={"max_length": size})
        began = time.perf_counter()
        starts = encoder.encode(passages.texts, "passage", size, f"starts {size}")
        of_starts = time.perf_counter() - began
        starts, windows = encode_passages(encoder, passages.texts, limits)
        of_windows = time.perf_counter() - began
        if bm25 is None:
            pipeline = build_pipeline(passages, starts, params.bm25)
            bm25 = pipeline.retrievers["bm25"].scores(queries)
            print(f"| all | | BM25 | {figures(bm25, relevant)} | |")
        rows = [("start alone", 1.0, of_starts, DenseRetriever(starts))]
        if windows is not None:
            share = 1 + len(windows.owners) / len(passages)
            rows.append(("mean of windows' vectors", 1.0, of_windows, DenseRetriever(windows.mean(starts))))
            rows.append(("best window", share, of_windows, DenseRetriever(starts, windows)))
        for name, vectors, seconds, retriever in rows:
            dense = retriever.scores(queries)
            line = f"| {size} | {vectors:.2f} | {name}"
            print(f"{line} | {figures(dense, relevant)} | {seconds:.0f} |")
            for weight in WEIGHTS:
                fused = weighted_sum({"bm25": bm25, "dense": dense}, {"bm25": weight})
                print(f"{line} + {weight} BM25 | {figures(fused, relevant)} | |", flush=True)
