"""deploy.py against a server on loopback that keeps ML Commons' rules of uploading."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.running import running

from sunwi.models.sparse.export import deploy
from sunwi.models.sparse.export.bundle import pack, register_body, requests
from sunwi.records.files import write_json


class Cluster(ThreadingHTTPServer):
    """Models by id with what was uploaded of them, groups by name, and every other request that came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.models: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, str] = {}
        self.looks = self.made = self.deployments = 0
        self.chunks_taken = 99  # in all; then the cluster is gone
        self.put: dict[str, Any] = {}
        self.end = "COMPLETED"
        self.logins: set[str | None] = set()
        self.aliased: set[str] = set()
        self.moved: list[tuple[str, str]] = []
        self.failures: list[str] = []

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if chunk := re.fullmatch(r"/_plugins/_ml/models/(\w+)/chunk/(\d+)", path):
            chunks = self.models[chunk[1]]["chunks"]
            assert int(chunk[2]) == len(chunks)
            self.chunks_taken -= 1
            if self.chunks_taken < 0:
                return 503, {"error": "gone"}
            chunks.append(body)
            if len(chunks) == self.models[chunk[1]]["meta"]["total_chunks"]:
                self.models[chunk[1]]["state"] = "REGISTERED"
            return 200, {"status": "Uploaded"}
        value = json.loads(body) if body else None
        if path == "/_plugins/_ml/models/_search":
            wanted = {
                key: term
                for clause in value["query"]["bool"]["filter"]
                for key, term in clause["term"].items()
            }
            hits = [
                {"_id": name, "_source": {"model_state": model["state"]}}
                for name, model in self.models.items()
                if model["meta"]["model_content_hash_value"] == wanted["model_content_hash_value"]
            ]
            return 200, {"hits": {"hits": hits}}
        if path == "/_plugins/_ml/model_groups/_search":
            if not self.groups:
                return 404, {"error": {"type": "index_not_found_exception"}}
            actual = self.groups.get(value["query"]["term"]["name.keyword"])
            return 200, {"hits": {"hits": [{"_id": actual}] if actual else []}}
        if path == "/_plugins/_ml/model_groups/_register":
            self.groups[value["name"]] = f"group{len(self.groups)}"
            return 200, {"model_group_id": self.groups[value["name"]]}
        if path == "/_plugins/_ml/models/meta":
            name = f"model{self.made}"
            self.made += 1
            self.models[name] = {"meta": value, "chunks": [], "state": "REGISTERING"}
            return 200, {"model_id": name}
        if deployed := re.fullmatch(r"/_plugins/_ml/models/(\w+)/_deploy", path):
            model = self.models[deployed[1]]
            content = b"".join(model["chunks"])
            assert len(model["chunks"]) == model["meta"]["total_chunks"]
            assert hashlib.sha256(content).hexdigest() == model["meta"]["model_content_hash_value"]
            assert len(content) == model["meta"]["model_content_size_in_bytes"]
            model["state"] = "DEPLOYED"
            self.deployments += 1
            return 200, {"task_id": "task"}
        if path == "/_plugins/_ml/tasks/task":
            self.looks += 1
            return 200, {"state": "RUNNING" if self.looks % 2 else self.end, "error": "out of memory"}
        if method == "POST" and path.endswith("/_undeploy"):
            self.models[path.split("/")[-2]]["state"] = "UNDEPLOYED"
            return 200, {}
        if method == "DELETE" and path in self.put:
            del self.put[path]
            return 200, {"acknowledged": True}
        if method == "DELETE":
            del self.models[path.rpartition("/")[2]]
            return 200, {"result": "deleted"}
        if path.startswith("/_alias/"):
            return (200, {name: {} for name in self.aliased}) if self.aliased else (404, {"error": "missing"})
        if path == "/_aliases":
            removed = {each["remove"]["index"] for each in value["actions"] if "remove" in each}
            self.aliased = (self.aliased - removed) | {value["actions"][-1]["add"]["index"]}
            return 200, {}
        if path.startswith("/_reindex"):
            self.moved.append((value["source"]["index"], value["dest"]["index"]))
            return 200, {"task": "node:1"}
        if path == "/_tasks/node:1":
            return 200, {"completed": True, "response": {"created": 3, "failures": self.failures}}
        if method == "GET":
            return (200, self.put[path]) if path in self.put else (404, {"error": "missing"})
        assert method == "PUT"
        if path in self.put and "pipeline" not in path:
            return 400, {"error": {"type": "resource_already_exists_exception"}}
        self.put[path] = value
        return 200, {"acknowledged": True}


class Handler(BaseHTTPRequestHandler):
    server: Cluster

    def reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.logins.add(self.headers.get("authorization"))
        kind = self.headers.get("content-type")
        refused = kind != "application/json"  # as OpenSearch answers
        status, value = (
            (406, {"error": kind}) if refused else self.server.answer(self.command, self.path, body)
        )
        content = json.dumps(value).encode("utf-8")
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = reply  # noqa: N815  the base class's names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running(Cluster()) as server:
        yield server


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for part, function, size in (("encoder", "SPARSE_ENCODING", 50), ("tokenizer", "SPARSE_TOKENIZE", 5)):
        pack(folder / f"{part}.zip", {"content": bytes(range(size))})
        write_json(folder / f"register_{part}.json", register_body(folder / f"{part}.zip", part, function))
    for name, request in requests("idf").items():
        write_json(folder / name, request)
    text = Path(deploy.__file__).read_text(encoding="utf-8")
    text = text.replace("CHUNK = 10_000_000", "CHUNK = 64").replace("WAIT = 2.0", "WAIT = 0.01")
    text = text.replace("GRACE = 5.0", "GRACE = 0.0")
    (folder / "deploy.py").write_text(text, encoding="utf-8")
    return folder


def run(bundle: Path, cluster: Cluster | None, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SUNWI_OPENSEARCH")
    }
    if cluster is not None:
        environment["SUNWI_OPENSEARCH_URL"] = f"http://127.0.0.1:{cluster.server_port}"
    command = [sys.executable, str(bundle / "deploy.py"), "--index", "passages"]
    return subprocess.run(
        command, env=environment | more, capture_output=True, text=True, check=False, timeout=60
    )


def test_models_go_up_in_chunks_and_pipelines_name_their_ids(bundle: Path, cluster: Cluster) -> None:
    done = run(bundle, cluster, SUNWI_OPENSEARCH_USER="me", SUNWI_OPENSEARCH_PASSWORD="secret")
    assert done.returncode == 0, done.stderr
    assert "secret" not in done.stdout + done.stderr
    assert cluster.logins == {"Basic bWU6c2VjcmV0"}
    content = b"".join(cluster.models["model0"]["chunks"])
    assert content == (bundle / "encoder.zip").read_bytes()
    assert len(cluster.models["model0"]["chunks"]) > 1
    assert cluster.models["model1"]["meta"]["model_group_id"] == cluster.groups["tokenizer"]
    (index,) = cluster.aliased
    assert re.fullmatch(r"passages-[0-9a-f]{12}", index)
    ingest = cluster.put[f"/_ingest/pipeline/{index}"]["processors"][0]["sparse_encoding"]
    assert ingest == {"model_id": "model0", "field_map": {"content": "sparse"}}
    search = cluster.put[f"/_search/pipeline/{index}"]["request_processors"][0]
    assert search["neural_query_enricher"]["default_model_id"] == "model1"
    assert cluster.put[f"/{index}"]["settings"]["default_pipeline"] == index
    assert cluster.put[f"/{index}"]["mappings"]["properties"]["sparse"] == {"type": "rank_features"}
    assert "${" not in json.dumps(cluster.put)


def test_a_second_run_sends_no_model_again(bundle: Path, cluster: Cluster) -> None:
    assert run(bundle, cluster).returncode == 0
    done = run(bundle, cluster)
    assert done.returncode == 0, done.stderr
    assert (len(cluster.models), cluster.deployments) == (2, 2)
    assert "is there and stays as it is" in done.stdout
    assert cluster.moved == []


def test_an_interrupted_upload_is_sent_again(bundle: Path, cluster: Cluster) -> None:
    cluster.chunks_taken = 1
    assert run(bundle, cluster).returncode == 1
    assert [model["state"] for model in cluster.models.values()] == ["REGISTERING"]
    cluster.chunks_taken = 99
    done = run(bundle, cluster)
    assert done.returncode == 0, done.stderr
    assert "model0 was not sent to its end" in done.stdout
    assert {name: model["state"] for name, model in cluster.models.items()} == {
        "model1": "DEPLOYED",
        "model2": "DEPLOYED",
    }


def other_version(bundle: Path) -> None:
    pack(bundle / "encoder.zip", {"content": bytes(range(60))})
    body = register_body(bundle / "encoder.zip", "encoder", "SPARSE_ENCODING")
    write_json(bundle / "register_encoder.json", body)


def test_a_new_version_replaces_the_old_one_in_one_step(bundle: Path, cluster: Cluster) -> None:
    assert run(bundle, cluster).returncode == 0
    (old,) = cluster.aliased
    other_version(bundle)
    cluster.failures = ["no memory"]
    failed = run(bundle, cluster)
    assert (failed.returncode, "no memory" in failed.stderr, cluster.aliased) == (1, True, {old})
    cluster.failures = []
    done = run(bundle, cluster)
    assert done.returncode == 0, done.stderr
    (new,) = cluster.aliased
    assert cluster.moved[-1] == (old, new) != (old, old)
    assert not [path for path in cluster.put if old in path]
    assert set(cluster.models) == {"model1", "model2"}  # the query side is the same


def test_remove_deletes_index_pipelines_and_models(bundle: Path, cluster: Cluster) -> None:
    assert run(bundle, cluster).returncode == 0
    command = [sys.executable, str(bundle / "deploy.py"), "--index", "passages", "--remove"]
    own = os.environ | {"SUNWI_OPENSEARCH_URL": f"http://127.0.0.1:{cluster.server_port}"}
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (cluster.put, cluster.models) == ({}, {})


def test_a_failed_deployment_is_told(bundle: Path, cluster: Cluster) -> None:
    cluster.end = "FAILED"
    done = run(bundle, cluster)
    assert done.returncode == 1
    assert done.stderr.strip() == "task task ended as FAILED: out of memory"
    assert not cluster.put


def test_without_an_address_it_says_so(bundle: Path) -> None:
    done = run(bundle, None)
    assert (done.returncode, done.stderr.split(".")[0]) == (1, "SUNWI_OPENSEARCH_URL is not set")


def test_the_script_needs_the_standard_library_alone(bundle: Path) -> None:
    shutil.rmtree(bundle / "__pycache__", ignore_errors=True)
    command = [sys.executable, "-S", "-I", str(bundle / "deploy.py"), "--help"]
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
