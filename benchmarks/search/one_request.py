"""Quality of OpenSearch's one hybrid request beside local fusion, in a built project, and why they differ.

    SUNWI_OPENSEARCH_URL=... python -m benchmarks.search.one_request [--encoder base]

It builds the indexes of `sunwi index --with hybrid` and `--with promoted`. Rows between the two add one
difference at a time: the server's min_max over 100 hits, then nori for our terms.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from sunwi.params.bm25 import Bm25Params
from sunwi.params.fusion import FusionParams
from sunwi.params.reading import Sections
from sunwi.params.search import SearchParams
from sunwi.paths import INDEX, PREPARED
from sunwi.records.files import read_json
from sunwi.score.significance import paired_randomisation
from sunwi.search.fusion.method import Fusion
from sunwi.search.passages import Passages, QueryBatch, collapse
from sunwi.search.servers.connect import connect
from sunwi.search.servers.fill import Found
from sunwi.search.servers.hybrid import (
    dense_clause,
    hybrid_body,
    lexical_clause,
    question_clause,
    rounded,
    sparse_clause,
)
from sunwi.search.servers.hybrid_index import SparseIndex, _components
from sunwi.search.servers.hybrid_weights import DEPTH, HybridFit, fit_hybrid, min_max, reciprocal
from sunwi.search.servers.msearch import search_many
from sunwi.search.servers.pipeline import put_index
from sunwi.search.servers.retrievers import query_tokens
from sunwi.search.servers.server import Server
from sunwi.search.top import top
from sunwi.trec import read_qrels
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages as corpus_of
from sunwi.workspace.encoders import encoder, labelled_batch, query_batch
from sunwi.workspace.hybrid import put_hybrid, sparse_encoder, sparse_index
from sunwi.workspace.labels import dev_labels
from sunwi.workspace.questions import understood
from sunwi.workspace.retrieval import local_pipeline, passage_vectors


class _Settings(Sections):
    bm25: Bm25Params = Bm25Params()
    fusion: FusionParams = FusionParams()
    search: SearchParams = SearchParams()


Lists = list[list[str]]


def quality(lists: Lists, qids: list[str], qrels: dict[str, dict[str, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Average precision over the list, and nDCG@10 with the grades as gains."""
    precision, gains = [], []
    for qid, ranked in zip(qids, lists, strict=True):
        grades = {docid: grade for docid, grade in qrels[qid].items() if grade > 0}
        hits = [docid in grades for docid in ranked]
        counted = np.cumsum(hits)
        found = [counted[at] / (at + 1) for at, hit in enumerate(hits) if hit]
        precision.append(sum(found) / len(grades))
        discount = 1 / np.log2(np.arange(2, 12))
        best = np.array(sorted(grades.values(), reverse=True)[:10])
        got = np.array([grades.get(docid, 0) for docid in ranked[:10]])
        gains.append(float((got * discount[: len(got)]).sum() / (best * discount[: len(best)]).sum()))
    return np.array(precision), np.array(gains)


def documents(scores: np.ndarray, passages: Passages) -> list[str]:
    """The best documents by the passages' scores."""
    order, values = top(scores.astype(np.float32), DEPTH)
    return [passages.groups[at] for at in collapse(passages.groups, order[values > 0])]


def fused(components: dict[str, list[Found]], fit: HybridFit, passages: Passages, rows: int) -> Lists:
    """As the server fuses them."""
    lists = []
    for row in range(rows):
        if fit.technique == "rrf":
            parts = [reciprocal(components[name][row], len(passages)) for name in components]
        else:
            parts = [
                np.float32(weight) * min_max(components[name][row], len(passages))
                for name, weight in fit.weights.items()
            ]
        lists.append(documents(np.sum(parts, axis=0), passages))
    return lists


def served(
    server: Server,
    name: str,
    passages: Passages,
    fit: HybridFit,
    analyzer: str,
    queries: QueryBatch,
    sparse: SparseIndex | None,
) -> Lists:
    """Real requests through the index's own search pipeline."""
    lists, times = [], []
    for row in range(len(queries)):
        vector = rounded(queries.vectors[row])
        known = {
            "bm25": lexical_clause(analyzer, queries.texts[row], queries.terms[row], 1.0),
            "dense": dense_clause(vector),
            "questions": question_clause(vector),
        }
        if sparse is not None:
            tokens = query_tokens(sparse.queries, row, sparse.field.names)
            known["sparse"] = sparse_clause(tokens) if tokens else {"match_none": {}}
        body = {**hybrid_body([known[each] for each in fit.names]), "size": DEPTH, "_source": False}
        start = time.perf_counter()
        hits = server.send("POST", f"/{name}/_search", body).body["hits"]["hits"]
        times.append(time.perf_counter() - start)
        order = np.array([passages.position[hit["_id"]] for hit in hits], dtype=np.int64)
        lists.append([passages.groups[at] for at in collapse(passages.groups, order)])
    print(f"one request: p50 {1000 * np.median(times):.0f} ms, p99 {1000 * np.quantile(times, 0.99):.0f} ms")
    return lists


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", choices=["base", "promoted"], default="promoted")
    which = parser.parse_args().encoder
    workspace = Workspace()
    settings = workspace.params(_Settings)
    search = settings.search.model_copy(update={"engine": "opensearch"})
    passages, model = corpus_of(workspace), encoder(workspace, which)
    qrels = read_qrels(workspace.path(PREPARED) / "qrels.tsv")
    asked = [row for row in understood(workspace) if any(g > 0 for g in qrels.get(row.qid, {}).values())]
    qids = [row.qid for row in asked]
    queries = query_batch(workspace, model, qids, [row.standalone_query for row in asked])
    labels = dev_labels(workspace)
    dev = labelled_batch(workspace, model, labels)
    server, _ = connect("opensearch", search.timeout)
    hybrid = put_hybrid(workspace, which, search, print)
    _, _, plain = put_index(which, passages, search, settings.bm25, passage_vectors(workspace, which))
    print(hybrid.fit)

    def lexical(batch: QueryBatch) -> list[Found]:
        clauses = [
            lexical_clause("terms", batch.texts[row], batch.terms[row], settings.bm25.bigram_weight)
            for row in range(len(batch))
        ]
        bodies = [
            {"query": clause or {"match_none": {}}, "size": DEPTH, "_source": False} for clause in clauses
        ]
        found = []
        for answer in search_many(server, plain.name, bodies, 5):
            hits = answer.get("hits", {}).get("hits", [])
            at = np.array([passages.position[hit["_id"]] for hit in hits], dtype=np.int64)
            found.append(Found(at, np.array([hit["_score"] for hit in hits], dtype=np.float32)))
        return found

    learned = sparse_encoder(workspace)
    sparse = {
        part: None if learned is None else sparse_index(workspace, learned, batch.texts)
        for part, batch in (("dev", dev), ("test", queries))
    }
    by_nori = {
        part: _components(server, hybrid.name, passages, hybrid.analyzer, settings.bm25, batch, sparse[part])
        for part, batch in (("dev", dev), ("test", queries))
    }
    by_terms = {
        part: {**by_nori[part], "bm25": lexical(batch)} for part, batch in (("dev", dev), ("test", queries))
    }
    limits = (settings.fusion.low_overlap, settings.fusion.min_questions)
    of_terms = fit_hybrid(by_terms["dev"], labels, len(passages), *limits)
    print("with our terms:", of_terms)
    local = local_pipeline(workspace, which)
    weights = read_json(workspace.path(INDEX) / f"fusion_{which}.json")["bm25+dense+questions"]
    ranked = local.rank(queries, sorted(weights), Fusion("weighted", weights), DEPTH)
    ranks = HybridFit("rrf", {}, 0, 0, 0)
    rows: dict[str, Lists] = {
        "local: z-scores over the corpus, our terms": [
            [passages.groups[at] for at in each.positions] for each in ranked
        ],
        "min_max over 100 hits, our terms": fused(by_terms["test"], of_terms, passages, len(queries)),
        "min_max over 100 hits, nori": fused(by_nori["test"], hybrid.fit, passages, len(queries)),
        "one request, as written by sunwi index": served(
            server, hybrid.alias, passages, hybrid.fit, hybrid.analyzer, queries, sparse["test"]
        ),
        "RRF of all clauses, nori": fused(by_nori["test"], ranks, passages, len(queries)),
        "RRF of all clauses, our terms": fused(by_terms["test"], ranks, passages, len(queries)),
    }
    print(f"{len(queries)} judged queries, {len(passages)} passages\n")
    print("| | MAP | p | nDCG@10 | p |\n|---|---|---|---|---|")
    first = None
    for name, lists in rows.items():
        values = quality(lists, qids, qrels)
        first = first or values
        cells = []
        for mine, base in zip(values, first, strict=True):
            p = paired_randomisation(mine - base, 10_000, 42) if name != next(iter(rows)) else 1.0
            cells.append(f"{mine.mean():.4f} | {p:.3f}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
