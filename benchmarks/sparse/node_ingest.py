"""Passages that an OpenSearch node encodes itself, by the exported sparse encoder: rate, rankings, latency.

    sunwi node start --ml                      # prints the line that names the server
    python -m benchmarks.sparse.node_ingest [--batch 20]

In a project with models/sparse_export. `deploy.py` sends the bundle, then the corpus is written through its
ingest pipeline, and the dialogues' queries are asked by their text.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from sunwi.models.sparse.encoder import load_sparse
from sunwi.models.sparse.export import deploy
from sunwi.params.reading import Sections
from sunwi.params.sparse import SparseParams
from sunwi.paths import SPARSE, SPARSE_EXPORT
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.questions import understood

INDEX, FIRST, REQUESTS = "sunwi-ingest", 10, 300


class _Settings(Sections):
    sparse: SparseParams = SparseParams()


def write(cluster: deploy.Cluster, rows: Sequence[tuple[str, str]], batch: int) -> float:
    """Seconds until all rows are encoded and written."""
    began = time.perf_counter()
    for start in range(0, len(rows), batch):
        lines = []
        for docid, text in rows[start : start + batch]:
            lines += [json.dumps({"index": {"_id": docid}}), json.dumps({"content": text})]
        answer = cluster.ask("POST", f"/{INDEX}/_bulk", ("\n".join(lines) + "\n").encode())
        if answer["errors"]:
            raise SystemExit(json.dumps(answer)[:1000])
    seconds = time.perf_counter() - began
    cluster.ask("POST", f"/{INDEX}/_refresh")
    return seconds


def by_text(cluster: deploy.Cluster, text: str) -> list[tuple[str, float]]:
    query = {"neural_sparse": {"sparse": {"query_text": text}}}
    body = {"size": FIRST, "query": query, "_source": False}
    hits = cluster.ask("POST", f"/{INDEX}/_search", body)["hits"]["hits"]
    return [(hit["_id"], hit["_score"]) for hit in hits]


def same_list(found: list[tuple[str, float]], docids: Sequence[str], scores: Any) -> bool:
    """Whether the server's list is the local one, but for scores closer than its 9-bit weights tell apart."""
    if len(found) != min(FIRST, np.count_nonzero(scores > 0)):
        return False
    position = {docid: at for at, docid in enumerate(docids)}
    local = np.sort(scores)[::-1][: len(found)]
    values = np.array([scores[position[docid]] for docid, _ in found])
    return bool(np.allclose(values, local, rtol=1 / 256))


def main() -> None:
    """Print what was seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=20, help="passages of a bulk request")
    options = parser.parse_args()
    workspace, cluster = Workspace(), deploy.Cluster()
    script = SPARSE_EXPORT / "opensearch" / "deploy.py"
    began = time.perf_counter()
    subprocess.run([sys.executable, str(script), "--index", INDEX], check=True, env=os.environ)
    print(f"sent and deployed in {time.perf_counter() - began:.0f} s")
    corpus, settings = passages(workspace), workspace.params(_Settings).sparse
    rows = list(zip(corpus.docids, corpus.texts, strict=True))
    seconds = write(cluster, rows, options.batch)
    print(f"{len(rows)} passages encoded by the node in {seconds:.0f} s: {len(rows) / seconds:.1f} a second")

    learned = load_sparse(workspace.root / SPARSE)
    began = time.perf_counter()
    vectors = learned.encode_passages(corpus.texts, settings.passage_max_length)
    seconds = time.perf_counter() - began
    print(f"the same here in {seconds:.0f} s: {len(rows) / seconds:.1f} a second")
    texts = [dialogue.standalone_query for dialogue in understood(workspace)]
    queries = learned.encode_queries(texts, settings.query_max_length)
    gaps = []
    for at, docid in enumerate(corpus.docids):
        served = cluster.ask("GET", f"/{INDEX}/_doc/{docid}")["_source"]["sparse"]
        here = dict(learned.top_terms(vectors, at, 10_000))
        gaps.append(max(abs(served.get(name, 0.0) - here.get(name, 0.0)) for name in {*served, *here}))
    print(f"largest difference of a weight {max(gaps):.1e}")
    print(f"active terms: {vectors.active_terms:.1f} a passage, {queries.active_terms:.1f} a query")
    scores = (queries.matrix() @ vectors.matrix().T).toarray()
    same = sum(
        same_list(by_text(cluster, text), corpus.docids, row) for text, row in zip(texts, scores, strict=True)
    )
    print(f"first {FIRST} as here for {same} of {len(texts)} queries")
    for clients in (1, 8):

        def one(at: int) -> float:
            begin = time.perf_counter()
            by_text(cluster, texts[at % len(texts)])
            return 1000 * (time.perf_counter() - begin)

        with ThreadPoolExecutor(clients) as pool:
            times = list(pool.map(one, range(REQUESTS)))
        low, high = np.quantile(times, [0.5, 0.99])
        print(f"{clients} clients: p50 {low:.0f} ms, p99 {high:.0f} ms")


if __name__ == "__main__":
    main()
