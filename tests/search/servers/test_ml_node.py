"""OpenSearch with ML Commons: the sparse bundle's whole way, and a text that becomes a fused ranking.

Opt-in: `pytest -n 0 -s -m ml_node tests/search/servers/test_ml_node.py`. SUNWI_OPENSEARCH_URL names a node
with ML Commons, or one is started.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from tests.run_nodes import node_of_the_run
from tests.train.sparse.conftest import KOREAN, write_bert
from tests.train.sparse.test_export import TEXTS, started

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.models.server.encoder import ARCHIVE, BODY, write_server_encoder
from sunwi.models.sparse.export import deploy
from sunwi.models.sparse.export.bundle import write_bundle
from sunwi.models.sparse.export.server_tokens import naming_tokenizer, server_names
from sunwi.models.sparse.export.torchscript import trace_server_model
from sunwi.records.files import read_json
from sunwi.search.servers.retrievers import sendable_weights

pytestmark = pytest.mark.ml_node
INDEX = "sunwi-test-bundle"
ASKED = ["물 빛", "산소 바다", "달 별 지진", "한글 물"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[deploy.Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("SUNWI_OPENSEARCH_URL"):
            node = node_of_the_run("opensearch-2.19.1", ml=True)
            patch.setenv("SUNWI_OPENSEARCH_URL", node.urls[0])
        yield deploy.Cluster()


def bundle(folder: Path, seed: int) -> tuple[Path, Any]:
    import torch

    encoder = started(folder / "model")
    with torch.no_grad():  # another version of the model
        for weight in encoder.model.parameters():
            weight.mul_(1 + 0.01 * seed)
    out = folder / "bundle"
    names = server_names(naming_tokenizer(encoder.tokenizer), encoder.token_ids)
    trace_server_model(encoder, folder / "encoder.pt")
    write_bundle(encoder, names, folder / "encoder.pt", out, "sunwi-test", 8, 4)
    return out, encoder


def run(folder: Path, *more: str) -> str:
    command = [sys.executable, str(folder / "deploy.py"), "--index", INDEX, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ids(cluster: deploy.Cluster, query: Any) -> list[str]:
    found = cluster.ask("POST", f"/{INDEX}/_search", {"size": 10, "query": query})
    return [hit["_id"] for hit in found["hits"]["hits"]]


def by_text(text: str) -> Any:
    return {"neural_sparse": {"sparse": {"query_text": text}}}


def latencies(ask: Callable[[str], Any], clients: int, count: int = 200) -> str:
    def one(at: int) -> float:
        begin = time.perf_counter()
        ask(ASKED[at % len(ASKED)])
        return 1000 * (time.perf_counter() - begin)

    with ThreadPoolExecutor(clients) as pool:
        times = list(pool.map(one, range(count)))
    return f"{clients} clients: p50 {np.median(times):.1f} ms, p99 {np.quantile(times, 0.99):.1f} ms"


def test_the_bundles_whole_way(cluster: deploy.Cluster, tmp_path: Path) -> None:
    first, encoder = bundle(tmp_path / "1", 0)
    body = read_json(first / "register_encoder.json")
    group = deploy.group_id(cluster, body["name"])  # an upload that was cut off before its first chunk
    cluster.ask("POST", "/_plugins/_ml/models/meta", {**body, "total_chunks": 1, "model_group_id": group})
    assert "was not sent to its end" in run(first)
    again = run(first)
    assert (again.count("the cluster has it as"), "chunk" in again) == (2, False)
    for at, text in enumerate(TEXTS):
        cluster.ask("PUT", f"/{INDEX}/_doc/{at}?refresh=true", {"content": text})
    vectors = encoder.encode_passages(TEXTS, 8)
    for at in range(len(TEXTS)):
        served = cluster.ask("GET", f"/{INDEX}/_doc/{at}")["_source"]["sparse"]
        assert served == pytest.approx(dict(encoder.top_terms(vectors, at, 99)), abs=2e-4)
    for text in ASKED:
        query = encoder.encode_queries([text], 4)
        terms = sendable_weights(dict(encoder.top_terms(query, 0, 99)))
        found = ids(cluster, by_text(text))
        assert found == ids(cluster, {"neural_sparse": {"sparse": {"query_tokens": terms}}})
        scores = vectors.matrix() @ query.matrix().T
        local = np.argsort(-scores.toarray()[:, 0], kind="stable")
        assert found == [str(at) for at in local if scores[at, 0] > 0][:10]
    print(f"active terms: {vectors.active_terms:.1f} a passage, "
          f"{encoder.encode_queries(ASKED, 4).active_terms:.1f} a query")  # fmt: skip
    for clients in (1, 8):
        print("neural_sparse by text,", latencies(lambda text: ids(cluster, by_text(text)), clients))

    second, _ = bundle(tmp_path / "2", 1)
    done, failures, answers = Event(), [], []

    def ask_all_the_time() -> None:
        while not done.is_set():
            try:
                answers.append(len(ids(cluster, by_text(ASKED[0]))))
            except deploy.Refused as refused:
                failures.append(str(refused))

    thread = Thread(target=ask_all_the_time)
    thread.start()
    told = run(second)
    done.set()
    thread.join(timeout=60)
    assert f"{len(TEXTS)} passages of" in told
    assert (failures, min(answers)) == ([], max(answers)), "a search was not answered, or by half an index"
    assert cluster.ask("GET", f"/{INDEX}/_count")["count"] == len(TEXTS)
    run(second, "--remove")
    left = cluster.ask(
        "POST", "/_plugins/_ml/models/_search",
        {"query": {"bool": {"filter": [{"prefix": {"name.keyword": "sunwi-test"}}],
                            "must_not": [{"exists": {"field": "chunk_number"}}]}}},
    )  # fmt: skip
    assert left["hits"]["hits"] == []
    assert deploy.found_or(cluster, f"/_alias/{INDEX}", None) is None


def test_a_text_becomes_the_local_vector_and_a_fused_ranking(cluster: deploy.Cluster, tmp_path: Path) -> None:
    info = replace(
        resolve(str(write_bert(tmp_path / "model", "bare"))), query_prefix="물 ", passage_prefix=""
    )
    encoder = Encoder(info, precision="float32")
    write_server_encoder(encoder, "query", 8, "sunwi-test-dense", tmp_path)
    model = deploy.model_id(cluster, tmp_path / ARCHIVE, read_json(tmp_path / BODY), 300)
    try:
        asked = {"text_docs": ASKED, "return_number": True, "target_response": ["sentence_embedding"]}
        told = cluster.ask("POST", f"/_plugins/_ml/_predict/text_embedding/{model}", asked)
        served = np.array([row["output"][0]["data"] for row in told["inference_results"]])
        np.testing.assert_allclose(served, encoder.exact(ASKED, "query", 8), atol=1e-5)
        fused(cluster, model, encoder, tmp_path)
    finally:
        cluster.ask("POST", f"/_plugins/_ml/models/{model}/_undeploy")
        cluster.ask("DELETE", f"/_plugins/_ml/models/{model}")
        deploy.found_or(cluster, f"/{INDEX}-h", None) and cluster.ask("DELETE", f"/{INDEX}-h")


def fused(cluster: deploy.Cluster, model: str, encoder: Encoder, folder: Path) -> None:
    """A search by text alone, through the clients that the docs show."""
    from sunwi.search.servers.hybrid import request_for_text, search_pipeline
    from sunwi.search.servers.hybrid_weights import HybridFit
    from sunwi.search.servers.opensearch import OpenSearchDialect

    fit = HybridFit("min_max", {"bm25": 0.5, "dense": 0.5}, 1.0, 1.0, 4)
    cluster.ask("PUT", f"/_search/pipeline/{INDEX}-h", search_pipeline(fit))
    fields = {"content": {"type": "text"}, "vector": OpenSearchDialect().dense_field(16)}
    settings = {"index.knn": True, "index.search.default_pipeline": f"{INDEX}-h"}
    cluster.ask("PUT", f"/{INDEX}-h", {"settings": settings, "mappings": {"properties": fields}})
    for at, (text, vector) in enumerate(zip(TEXTS, encoder.exact(TEXTS, "passage", 8), strict=True)):
        source = {"content": text, "vector": [float(x) for x in vector]}
        cluster.ask("PUT", f"/{INDEX}-h/_doc/{at}?refresh=true", source)
    request = folder / "request.json"
    request.write_text(json.dumps(request_for_text(fit, "nori", model)), encoding="utf-8")
    clients = Path(__file__).resolve().parents[3] / "docs" / "clients"
    answers = []
    for program, script in (("sh", "hybrid_search.sh"), ("node", "hybrid_search.mjs")):
        if shutil.which(program) and shutil.which("jq"):
            command = [program, str(clients / script), str(request), KOREAN[0], f"{INDEX}-h"]
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
            answers.append([line.split("\t")[0] for line in done.stdout.splitlines()])
    assert answers
    assert all(answer == answers[0] for answer in answers)
    assert set(answers[0][:3]) & {"0", "9"}  # the passages that hold the word
