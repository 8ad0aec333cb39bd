"""Trains the sparse encoder of params.yaml and ranks judged questions with it, BM25, dense and both together.

Run it in a project whose pipeline was run up to `mine`:

    python -m benchmarks.sparse.retrieval --passages 1200 --questions 300 --out sparse_run

Below the corpus's size a sample is ranked: the chosen questions' passages first, then others by the hash of
their id. It writes the encoder, metrics.json and latency.json to --out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path.cwd() / "stages"))

from project import (
    INDEX,
    MINED,
    PREPARED,
    QUERIES,
    as_queries,
    dev_labels,
    encoder,
    false_negative_rules,
    passages,
    questions,
)

from sunwi.corpus.prepared import load_prepared
from sunwi.params.loading import load_params
from sunwi.records.files import read_rows, write_json
from sunwi.records.mined import MinedRow
from sunwi.records.submissions import UnderstoodQuery
from sunwi.runtime import text_hash
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.index.store import load_vectors
from sunwi.search.labelled import LabelledQuestion, natural_questions
from sunwi.search.pipeline import build_pipeline
from sunwi.search.retrievers.base import Scores
from sunwi.train.sparse.bilingual.dictionary import science_terms
from sunwi.train.sparse.pool import dev_pool, part_of
from sunwi.train.sparse.questions import of_low_overlap
from sunwi.train.sparse.run import run_sparse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    params = load_params()
    corpus = passages()
    understood = read_rows(QUERIES / "understood.jsonl", UnderstoodQuery)
    judged = natural_questions(
        understood, load_prepared(PREPARED).qrels, corpus, "test", params.bm25.tokenizer
    )
    chosen = sorted(judged, key=lambda label: text_hash(label.qid))[: args.questions]
    kept = {at for label in chosen for at in label.relevant}
    dev = dev_labels(corpus, params)
    pool, _ = dev_pool(corpus, dev, params)
    kept |= {corpus.position[docid] for docid in pool.docids}
    others_in = sorted(set(range(len(corpus))) - kept, key=lambda at: text_hash(corpus.docids[at]))
    order = sorted(kept | set(others_in[: max(0, args.passages - len(kept))]))
    part, test = part_of(corpus, order, chosen)
    _, dev_in = part_of(corpus, order, dev)
    vectors = load_vectors(INDEX / "base" / "corpus.npy", len(corpus))[order]
    search = build_pipeline(part, vectors, params.bm25)

    def others(labels: Sequence[LabelledQuestion]) -> Mapping[str, Scores]:
        queries = as_queries(list(labels), encoder("base", params), params)
        scores = {name: search.retrievers[name].scores(queries) for name in ("bm25", "dense")}
        return {**scores, "hybrid": weighted_sum(scores, {"bm25": params.mining.bm25_weight, "dense": 1.0})}

    rules = false_negative_rules(corpus, params)
    mined = read_rows(MINED / "train.jsonl", MinedRow)
    rows = of_low_overlap(mined, questions(), params.sparse.max_overlap)
    print(f"{len(part)} passages, {len(test)} test questions, {len(rows)} mined rows", file=sys.stderr)
    run = run_sparse(
        params, rows, part, dev_in, test, science_terms(), rules.kin, others, args.out / "encoder"
    )
    write_json(args.out / "metrics.json", run.metrics)
    write_json(args.out / "latency.json", run.latency)


if __name__ == "__main__":
    main()
