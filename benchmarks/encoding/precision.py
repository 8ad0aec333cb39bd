"""What each precision costs in quality and gives in speed: dense search alone, float32 as the reference.

    python -m benchmarks.encoding.precision CORPUS.jsonl QUESTIONS.jsonl [--passages 2000] [--questions 2000]

CORPUS has lines `docid, content`, QUESTIONS lines `question, docid`. The pool is a seeded sample of the
passages, the questions a seeded sample of those with a passage in it. Every precision that this CPU has
gives a row: passages a CPU-second (chunks of the pool in turns, so that other work on the machine slows all
alike), MRR@10, the paired difference with its bootstrap interval, and the cosines with float32. The last
column is the least cosine on the fixed texts that `encoder.precision: auto` checks (`auto_precision`).
The same on CPUs with fewer instructions: ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 (no AMX) before it, or
ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.shared.material import read_rows
from sunwi.models.auto_precision import check_texts, least_cosine
from sunwi.models.cpu.support import cpu_support
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.score.measuring import ranking_measures
from sunwi.score.significance import bca_intervals
from sunwi.search.retrievers.dense import DenseRetriever

CHUNKS = 8
DEPTH = 10
SEED = 1
MEASURE = "mrr"


def material(
    corpus: Path, questions: Path, passages: int, asked: int
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The pool by docid, and the relevant docids of each sampled question."""
    documents = {row["docid"]: row["content"] for row in read_rows(corpus)}
    draw = random.Random(SEED)
    pool = draw.sample(sorted(documents), min(passages, len(documents)))
    inside, relevant = set(pool), dict[str, list[str]]()
    for row in read_rows(questions):
        if row["docid"] in inside:
            relevant.setdefault(row["question"], []).append(row["docid"])
    chosen = draw.sample(sorted(relevant), min(asked, len(relevant)))
    return {docid: documents[docid] for docid in sorted(pool)}, {text: relevant[text] for text in chosen}


def rankings(scores: npt.NDArray[np.float32], docids: list[str]) -> dict[str, dict[str, float]]:
    """Query number to the first docids with their scores."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return {
        str(row): {docids[column]: float(scores[row, column]) for column in columns}
        for row, columns in enumerate(best)
    }


class _Vectors:
    """What `DenseRetriever` reads of a batch of queries."""

    def __init__(self, vectors: Any) -> None:
        self.vectors = vectors


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--passages", type=int, default=2000)
    parser.add_argument("--questions", dest="asked", type=int, default=2000)
    options = parser.parse_args()
    documents, relevant = material(options.corpus, options.questions, options.passages, options.asked)
    params, support, info = Params().encoder, cpu_support(), resolve("builtin/multilingual-e5-small")
    names = ["float32", *(name for name in ("bfloat16", "int8") if support.refusal(name) is None)]
    encoders = {name: Encoder(info, precision=name) for name in names}
    docids, texts = list(documents), [info.passage_prefix + text for text in documents.values()]
    asked = [info.query_prefix + question for question in relevant]
    checked, found, seconds = {}, {}, dict.fromkeys(names, 0.0)
    for name, encoder in encoders.items():  # loads the weights, too
        checked[name] = encoder._encode_fresh(check_texts(info), params.max_length)
    parts: dict[str, list[Any]] = {name: [] for name in names}
    for chunk in np.array_split(np.arange(len(texts)), CHUNKS):
        for name, encoder in encoders.items():
            start = time.process_time()
            parts[name].append(encoder._encode_fresh([texts[row] for row in chunk], params.max_length))
            seconds[name] += time.process_time() - start
    qrels = {str(row): dict.fromkeys(docids_of, 1) for row, docids_of in enumerate(relevant.values())}
    vectors = {}
    for name, encoder in encoders.items():
        passages = np.concatenate(parts[name])
        queries = encoder._encode_fresh(asked, params.query_max_length)
        scores = DenseRetriever(passages).scores(_Vectors(queries))  # type: ignore[arg-type]  it reads the vectors alone
        run = rankings(scores, docids)
        values = ranking_measures(qrels, run, list(qrels))[MEASURE]
        found[name] = np.array([values[qid] for qid in qrels])
        vectors[name] = np.concatenate([passages, queries]).astype(np.float32)
    print(f"{', '.join(support.instructions)}: {len(relevant):,} questions, {len(docids):,} passages\n")
    print("| | passages / CPU-second | MRR@10 | less float32's [95%] | least, mean cosine | on the texts |")
    print("|---|---|---|---|---|---|")
    for name in names:
        difference = (found[name] - found["float32"])[:, None]
        low, high = bca_intervals(difference, 0.95, 10_000, SEED)[0]
        cosines = (vectors[name] * vectors["float32"]).sum(axis=1)
        checks = least_cosine(checked[name], checked["float32"])
        print(
            f"| {name} | {len(texts) / seconds[name]:.1f} | {found[name].mean():.4f} "
            f"| {difference.mean():+.4f} [{low:+.4f}, {high:+.4f}] "
            f"| {cosines.min():.5f} / {cosines.mean():.5f} | {checks:.5f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
