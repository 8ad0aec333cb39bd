"""Trains the sparse encoder of params.yaml and ranks judged questions with it, BM25, dense and both together.

Run it in a project whose pipeline was run up to `mine`:

    python -m benchmarks.sparse.retrieval --passages 1200 --questions 300 --out sparse_run

Below the corpus's size a sample is ranked: the chosen questions' passages first, then others by the hash of
their id. It writes the encoder, metrics.json and latency.json to --out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sunwi.paths import MINED
from sunwi.records.files import read_rows, write_json
from sunwi.records.mined import MinedRow
from sunwi.runtime import text_hash
from sunwi.search.pipeline import build_pipeline
from sunwi.train.shared.corpus_part import part_of
from sunwi.train.sparse.bilingual.dictionary import science_terms
from sunwi.train.sparse.pool import dev_pool
from sunwi.train.sparse.run import compared_systems, run_sparse
from sunwi.train.sparse.settings import SparseSections
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import encoder, labelled_batch
from sunwi.workspace.labels import dev_labels, natural
from sunwi.workspace.questions import questions
from sunwi.workspace.retrieval import passage_vectors
from sunwi.workspace.rules import false_negative_rules


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    workspace = Workspace()
    params, corpus = workspace.params(SparseSections), passages(workspace)
    chosen = sorted(natural(workspace, "test"), key=lambda label: text_hash(label.qid))[: args.questions]
    kept = {at for label in chosen for at in label.relevant}
    dev = dev_labels(workspace)
    pool, _ = dev_pool(corpus, dev, params)
    kept |= {corpus.position[docid] for docid in pool.docids}
    others_in = sorted(set(range(len(corpus))) - kept, key=lambda at: text_hash(corpus.docids[at]))
    order = sorted(kept | set(others_in[: max(0, args.passages - len(kept))]))
    part, test = part_of(corpus, order, chosen)
    _, dev_in = part_of(corpus, order, dev)
    search = build_pipeline(part, passage_vectors(workspace, "base")[order], params.bm25)
    model, weight = encoder(workspace, "base"), params.mining.bm25_weight
    others = compared_systems(search, lambda asked: labelled_batch(workspace, model, asked), weight)
    answer_group = false_negative_rules(workspace).answer_group
    mined, asked = read_rows(MINED / "train.jsonl", MinedRow), questions(workspace)
    print(f"{len(part)} passages, {len(test)} test questions, {len(mined)} mined rows", file=sys.stderr)
    run = run_sparse(
        params, mined, asked, part, dev_in, test, science_terms(), answer_group, others, args.out / "encoder"
    )
    write_json(args.out / "metrics.json", run.metrics)
    write_json(args.out / "latency.json", run.latency)


if __name__ == "__main__":
    main()
