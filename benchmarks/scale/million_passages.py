"""Prepare, index, search and mine a synthetic corpus: seconds and peak memory of each step.

python -m benchmarks.scale.million_passages FOLDER --passages 1000000 [--tokenizer bigram] [--steps bm25 flat]

Each step is a process of its own, so that the peak is that step's alone; what it wrote stays in FOLDER for
the next. Prints a table of steps, and one of the recall of approximate search against exact search.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.scale.synthetic_corpus import write_texts, write_vectors
from sunwi.corpus.copies import copies_of
from sunwi.corpus.prepare import prepare, write_prepared
from sunwi.corpus.rows import DuplicatePair
from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.mining.negatives import mine_negatives
from sunwi.models.encoder import Encoder, Vectors
from sunwi.models.resolver import resolve
from sunwi.params.bm25 import Bm25Params
from sunwi.params.corpus import CorpusParams
from sunwi.params.dense import DenseParams
from sunwi.params.mining import MiningParams
from sunwi.records.corpus import Document
from sunwi.records.files import iter_rows, read_rows, write_json, write_rows
from sunwi.records.shards import files_of
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.store import load_vectors, vectors_file
from sunwi.search.index.terms import index_terms, term_stream
from sunwi.search.index_cache import kept_faiss
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import build_pipeline
from sunwi.search.retrievers.approximate import ApproximateDenseRetriever
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.top import top

DEMO = Path(__file__).parents[2] / "data" / "demo" / "corpus.jsonl"
DEPTH = 100
DENSE = 200  # questions that dense search is measured on
Facts = dict[str, object]


def corpus_of(folder: Path) -> Passages:
    return Passages.of(iter_rows(folder / "prepared" / "corpus.jsonl", Document))


def asked_of(folder: Path, tokenizer: str) -> tuple[QueryBatch, list[str]]:
    """The questions, and the docid that each was made from."""
    rows = [
        json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    texts = [row["question"] for row in rows]
    vectors = load_vectors(folder / "questions.npy", len(rows))
    queries = QueryBatch([row["qid"] for row in rows], texts, index_terms(texts, tokenizer), vectors)
    return queries, [row["docid"] for row in rows]


def step_texts(options: argparse.Namespace) -> Facts:
    write_texts(options.folder, options.passages, options.questions, DEMO)
    return {}


def step_vectors(options: argparse.Namespace) -> Facts:
    write_vectors(options.folder, options.passages, options.questions)
    return {}


def step_prepare(options: argparse.Namespace) -> Facts:
    prepared = prepare(options.folder, CorpusParams())
    write_prepared(prepared, options.folder / "prepared", options.rows_per_shard)
    shards = len(files_of(options.folder / "prepared" / "corpus.jsonl"))
    return {"duplicates": len(prepared.duplicates), "files": shards}


class Unmodelled(Encoder):
    """An encoder whose vectors are drawn: what is measured is everything around the model."""

    def _encode_parts(self, parts: Iterable[Sequence[str]], max_length: int) -> Iterator[Vectors]:
        draw = np.random.default_rng(max_length)
        return (draw.standard_normal((len(part), self.dimensions)).astype(np.float16) for part in parts)


def step_encode(options: argparse.Namespace) -> Facts:
    corpus = corpus_of(options.folder)
    encoder = Unmodelled(resolve("builtin/multilingual-e5-small"))
    with vectors_file(options.folder / "encoded.npy") as empty:
        encoder.encode(corpus.texts, "passage", 256, empty=empty)
    return {"fresh": encoder.count.encoded, "cached": encoder.count.cached}


def step_bm25(options: argparse.Namespace) -> Facts:
    params = Bm25Params(tokenizer=options.tokenizer)
    passages = corpus_of(options.folder)
    queries, owners = asked_of(options.folder, options.tokenizer)
    start = time.process_time()
    index = Bm25(term_stream(passages.texts, options.tokenizer), params)
    built = time.process_time()
    positions, _ = index.search(queries.terms, DEPTH)
    spent = time.process_time() - built
    own = np.array([passages.position[docid] for docid in owners])
    return {
        "CPU seconds to index": round(built - start, 1),
        "CPU ms a query": round(1000 * spent / len(queries), 1),
        "recall@100 of own": round(float((positions == own[:, None]).any(axis=1).mean()), 3),
    }


def step_flat(options: argparse.Namespace) -> Facts:
    vectors = load_vectors(options.folder / "vectors.npy", options.passages)
    queries = asked_of(options.folder, "whitespace")[0].part(slice(DENSE))
    retriever = DenseRetriever(vectors)
    retriever.scores(queries.part(slice(1)))  # libraries are loaded before the clock
    start = time.process_time()
    best = [
        top(row, DEPTH)[0]
        for first in range(0, len(queries), 16)
        for row in retriever.scores(queries.part(slice(first, first + 16)))
    ]
    spent = time.process_time() - start
    np.save(options.folder / "exact.npy", np.stack(best))
    return {"CPU ms a query": round(1000 * spent / len(queries), 1)}


def recall(found: npt.NDArray[np.int64], exact: npt.NDArray[np.int64], cutoff: int) -> float:
    shared = [
        len(set(a) & set(b)) / cutoff for a, b in zip(found[:, :cutoff], exact[:, :cutoff], strict=True)
    ]
    return round(float(np.mean(shared)), 4)


def approximate(options: argparse.Namespace, kind: str, name: str, values: list[int]) -> Facts:
    vectors = load_vectors(options.folder / "vectors.npy", options.passages)
    queries = asked_of(options.folder, "whitespace")[0].part(slice(DENSE))
    exact = np.load(options.folder / "exact.npy")
    asked = queries.vectors.astype(np.float32)
    params = dense_params(kind, options.passages)
    start = time.perf_counter()
    index = kept_faiss(options.folder / "indexes", vectors, params)
    facts: Facts = {"seconds to read": round(time.perf_counter() - start, 1)}
    rows: list[Facts] = []
    for value in values:
        params = params.model_copy(update={name: value})
        retriever = ApproximateDenseRetriever(vectors, params, index)
        start = time.process_time()
        found, _ = retriever.search(asked, DEPTH)
        spent = 1000 * (time.process_time() - start) / len(queries)
        at = {f"recall@{cutoff}": recall(found, exact, cutoff) for cutoff in (10, 100)}
        rows.append({name: value, **at, "CPU ms a query": round(spent, 2)})
    return {**facts, "recall": rows}


def dense_params(kind: str, passages: int) -> DenseParams:
    """Defaults, but for IVF's lists in a small corpus: the power of two nearest to 4 roots of it."""
    lists = min(DenseParams().nlist, 2 ** round(np.log2(4 * passages**0.5)))
    return DenseParams(index=kind, nlist=lists, depth=DEPTH)  # type: ignore[arg-type]


def build(options: argparse.Namespace, kind: str) -> Facts:
    vectors = load_vectors(options.folder / "vectors.npy", options.passages)
    kept_faiss(options.folder / "indexes", vectors, dense_params(kind, options.passages))
    return {}


def step_build_hnsw(options: argparse.Namespace) -> Facts:
    return build(options, "hnsw")


def step_build_ivfpq(options: argparse.Namespace) -> Facts:
    return build(options, "ivfpq")


def step_hnsw(options: argparse.Namespace) -> Facts:
    return approximate(options, "hnsw", "ef_search", [100, 128, 200, 400, 800])


def step_ivfpq(options: argparse.Namespace) -> Facts:
    return approximate(options, "ivfpq", "nprobe", [8, 16, 32, 64, 128])


def step_mine(options: argparse.Namespace) -> Facts:
    passages = corpus_of(options.folder)
    vectors = load_vectors(options.folder / "vectors.npy", options.passages)
    queries, owners = asked_of(options.folder, options.tokenizer)
    labels = [
        LabelledQuestion(qid, text, (passages.position[docid],), "train", "made", 0.5)
        for qid, text, docid in zip(queries.qids, queries.texts, owners, strict=True)
    ]
    pairs = read_rows(options.folder / "prepared" / "duplicates.jsonl", DuplicatePair)
    rules = FalseNegativeRules(passages, copies_of(pairs), {}, MiningParams().max_positive_share)
    start = time.process_time()
    pipeline = build_pipeline(passages, vectors, Bm25Params(tokenizer=options.tokenizer))
    built = time.process_time()
    pipeline.retrievers["dense"].scores(
        queries.part(slice(1))
    )  # libraries are loaded before the clock starts
    ready = time.process_time()
    mined = mine_negatives(pipeline, queries, labels, rules, MiningParams())
    spent = time.process_time() - ready
    write_rows(options.folder / "train.jsonl", mined.rows)
    return {
        "CPU seconds to index": round(built - start, 1),
        "CPU ms a question": round(1000 * spent / len(queries), 1),
        "rows": len(mined.rows),
    }


STEPS: dict[str, Callable[[argparse.Namespace], Facts]] = {
    "texts": step_texts,
    "vectors": step_vectors,
    "prepare": step_prepare,
    "encode": step_encode,
    "encode_again": step_encode,
    "bm25": step_bm25,
    "flat": step_flat,
    "build_hnsw": step_build_hnsw,
    "hnsw": step_hnsw,
    "build_ivfpq": step_build_ivfpq,
    "ivfpq": step_ivfpq,
    "mine": step_mine,
}


def one_step(options: argparse.Namespace) -> None:
    start = time.perf_counter()
    facts = STEPS[options.step](options)
    facts |= {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time(), 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2, 2),
    }
    write_json(options.folder / "facts" / f"{options.step}.json", facts)
    print(options.step, facts, file=sys.stderr, flush=True)


def show(folder: Path, passages: int) -> None:
    """The tables of all steps that ran in the folder."""
    known = {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name in STEPS
        if (path := folder / "facts" / f"{name}.json").exists()
    }
    print(
        f"{passages:,} passages\n\n| step | seconds | CPU seconds | peak RSS, GB | |\n|---|---|---|---|---|"
    )
    for name, facts in known.items():
        rest = ", ".join(
            f"{key} {value}"
            for key, value in sorted(facts.items())
            if key not in {"seconds", "cpu_seconds", "peak_gb", "recall"}
        )
        print(f"| {name} | {facts['seconds']} | {facts['cpu_seconds']} | {facts['peak_gb']} | {rest} |")
    for name, facts in known.items():
        if rows := facts.get("recall"):
            names = sorted(rows[0], key=lambda key: ("recall" in key, "CPU" in key, len(key)))
            print(f"\n| {name}: {' | '.join(names)} |\n|{'---|' * len(names)}")
            for row in rows:
                print(f"| {' | '.join(str(row[key]) for key in names)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--tokenizer", default=Bm25Params().tokenizer)
    parser.add_argument("--rows-per-shard", type=int, default=0)
    parser.add_argument("--steps", nargs="+", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--step", choices=list(STEPS), help=argparse.SUPPRESS)  # of the process itself
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.step:
        one_step(options)
        sys.exit()
    environment = {**os.environ, "SUNWI_CACHE_DIR": str(options.folder / "cache")}
    for name in options.steps:
        again = [sys.executable, "-m", "benchmarks.scale.million_passages", *sys.argv[1:], "--step", name]
        subprocess.run(again, check=True, env=environment)
    show(options.folder, options.passages)
