"""Send this folder's models to an OpenSearch cluster and make the pipelines and the index that use them.

    SUNWI_OPENSEARCH_URL=https://localhost:9200 SUNWI_OPENSEARCH_USER=... SUNWI_OPENSEARCH_PASSWORD=... \
        python deploy.py --index sunwi-sparse

It needs Python 3.11 and nothing else. SUNWI_OPENSEARCH_CA_CERTS names a file of certificates to trust.
The archives go up in chunks of 10 MB; models that the cluster has already, by the hash of their archive,
are not sent again. A new version encodes the passages of the old one again and replaces it in one step; what
is written to the old one meanwhile is lost. --remove deletes index, pipelines and models.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHUNK = 10_000_000  # bytes; ML Commons reads chunks of this size
WHOLE = {
    "REGISTERED",
    "DEPLOYED",
    "PARTIALLY_DEPLOYED",
    "UNDEPLOYED",
    "DEPLOY_FAILED",
}  # all chunks are there
TIMEOUT = 300  # seconds without an answer: a large model's deployment may keep a node busy
WAIT = 2.0  # seconds between two looks at a task
GRACE = 5.0  # seconds for searches that began before the alias moved: their index and models go after them
HERE = Path(__file__).parent
PREFIX = "SUNWI_OPENSEARCH_"


class Refused(Exception):  # noqa: N818  what happened
    """A request that the cluster refused, or a task that failed."""


class Cluster:
    """Requests to one cluster."""

    def __init__(self) -> None:
        url = os.environ.get(f"{PREFIX}URL", "").rstrip("/")
        if not url:
            raise Refused(f"{PREFIX}URL is not set. Next: export {PREFIX}URL=https://HOST:9200")
        self.url = url
        self.headers = {"accept": "application/json"}
        user, password = os.environ.get(f"{PREFIX}USER"), os.environ.get(f"{PREFIX}PASSWORD")
        if user and password:
            token = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
            self.headers["authorization"] = f"Basic {token}"
        trusted = os.environ.get(f"{PREFIX}CA_CERTS")
        self.context = ssl.create_default_context(cafile=trusted) if url.startswith("https") else None

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer; `body` is a JSON value, or bytes that are sent as they are.

        Bytes have JSON's media type too: OpenSearch refuses any other with 406.
        """
        raw = isinstance(body, bytes)
        data = body if raw or body is None else json.dumps(body, ensure_ascii=False).encode("utf-8")
        request = urllib.request.Request(  # noqa: S310  the user's own address
            f"{self.url}{path}", data, {**self.headers, "content-type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT, context=self.context) as answer:  # noqa: S310
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            reason = error.read().decode("utf-8", "replace")[:2000]
            raise Refused(f"{method} {path}: status {error.code}: {reason}") from None
        except OSError as error:  # of which URLError is one, and a timeout while reading
            raise Refused(f"no answer from {self.url}: {getattr(error, 'reason', error)}") from None


def model_id(
    cluster: Cluster, archive: Path, body: dict[str, Any], seconds: float, say: Callable[[str], None] = print
) -> str:
    """Id of the deployed model: found by its hash, or sent in chunks; `say` is given a line on each step.

    A model that an interrupted upload left half-made is deleted first.
    """
    known = {"query": {"bool": {"filter": [
        {"term": {"model_content_hash_value": body["model_content_hash_value"]}},
        {"term": {"name.keyword": body["name"]}},
    ], "must_not": [{"exists": {"field": "chunk_number"}}]}}, "size": 100}  # fmt: skip
    hits = cluster.ask("POST", "/_plugins/_ml/models/_search", known)["hits"]["hits"]
    whole = [hit for hit in hits if hit["_source"].get("model_state") in WHOLE]
    for hit in hits:
        if hit not in whole:
            cluster.ask("DELETE", f"/_plugins/_ml/models/{hit['_id']}")
            say(f"{body['name']}: {hit['_id']} was not sent to its end; it is deleted and sent again")
    if whole:
        deployed_id = str(min(hit["_id"] for hit in whole))
        state = next(hit["_source"]["model_state"] for hit in whole if hit["_id"] == deployed_id)
        say(f"{body['name']}: the cluster has it as {deployed_id}")
        if state == "DEPLOYED":
            return deployed_id
    else:
        content = archive.read_bytes()
        parts = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]
        meta = {**body, "total_chunks": len(parts), "model_group_id": group_id(cluster, body["name"])}
        deployed_id = str(cluster.ask("POST", "/_plugins/_ml/models/meta", meta)["model_id"])
        for number, part in enumerate(parts):
            cluster.ask("POST", f"/_plugins/_ml/models/{deployed_id}/chunk/{number}", part)
            say(f"{body['name']}: chunk {number + 1} of {len(parts)}")
    task = cluster.ask("POST", f"/_plugins/_ml/models/{deployed_id}/_deploy")["task_id"]
    await_task(cluster, str(task), seconds)
    return deployed_id


def group_id(cluster: Cluster, name: str) -> str:
    """The model group of this name, made if it is not there."""
    query = {"query": {"term": {"name.keyword": name}}, "size": 1}
    try:
        hits = cluster.ask("POST", "/_plugins/_ml/model_groups/_search", query)["hits"]["hits"]
    except Refused as refused:
        if "index_not_found" not in str(refused):  # the first group of a cluster makes the index
            raise
        hits = []
    if hits:
        return str(hits[0]["_id"])
    made = cluster.ask("POST", "/_plugins/_ml/model_groups/_register", {"name": name})
    return str(made["model_group_id"])


def await_task(cluster: Cluster, task: str, seconds: float) -> None:
    """Wait for a task to be completed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = cluster.ask("GET", f"/_plugins/_ml/tasks/{task}")
        if status["state"] == "COMPLETED":
            return
        if status["state"] in {"FAILED", "CANCELLED", "COMPLETED_WITH_ERROR"}:
            raise Refused(f"task {task} ended as {status['state']}: {status.get('error', '')}")
        time.sleep(WAIT)
    raise Refused(f"task {task} was not done after {seconds:.0f} s. Next: look at the cluster's log")


def filled(file: str, ids: dict[str, str]) -> Any:
    """A request of this folder with the models' ids in it."""
    text = (HERE / file).read_text(encoding="utf-8")
    for name, known_id in ids.items():
        text = text.replace(name, known_id)
    return json.loads(text)


def deploy(cluster: Cluster, alias: str, seconds: float) -> None:
    """Both models, both pipelines, and an index behind the alias; an older version's passages move over.

    Everything that depends on the models has their hash in its name. Until the last step a search is answered
    by the old version, which then goes.
    """
    ids, hashes = {}, []
    for name, label in (("encoder", "${ENCODER_MODEL_ID}"), ("tokenizer", "${QUERY_MODEL_ID}")):
        if (HERE / f"register_{name}.json").exists():
            body = json.loads((HERE / f"register_{name}.json").read_text(encoding="utf-8"))
            hashes.append(body["model_content_hash_value"])
            ids[label] = model_id(cluster, HERE / f"{name}.zip", body, seconds)
    index = f"{alias}-{hashlib.sha256(''.join(hashes).encode()).hexdigest()[:12]}"
    settings = filled("index.json", ids)
    settings["settings"] |= {"default_pipeline": index, "index.search.default_pipeline": index}
    cluster.ask("PUT", f"/_ingest/pipeline/{index}", filled("ingest_pipeline.json", ids))
    cluster.ask("PUT", f"/_search/pipeline/{index}", filled("search_pipeline.json", ids))
    old = [each for each in behind(cluster, alias) if each != index]
    try:
        cluster.ask("PUT", f"/{index}", settings)
    except Refused as refused:
        if "resource_already_exists" not in str(refused):
            raise
        print(f"the index {index} is there and stays as it is")
    for each in old:
        move(cluster, each, index, seconds)
    actions = [{"remove": {"index": each, "alias": alias}} for each in old]
    cluster.ask("POST", "/_aliases", {"actions": [*actions, {"add": {"index": index, "alias": alias}}]})
    if old:
        time.sleep(GRACE)
    for each in old:
        remove(cluster, each, keep=set(ids.values()))
    print(f"ready: POST documents with the field content to /{alias}/_doc; ask it as query.json does:")
    print(json.dumps(filled("query.json", ids), ensure_ascii=False))


def behind(cluster: Cluster, alias: str) -> list[str]:
    """Indexes behind the alias, sorted."""
    found = found_or(cluster, f"/_alias/{alias}", {})
    if not found and found_or(cluster, f"/{alias}", {}):
        raise Refused(f"there is an index named {alias}, so no alias can have this name. Next: give --index")
    return sorted(found)


def found_or(cluster: Cluster, path: str, default: Any) -> Any:
    """The answer, or the default where there is no such thing."""
    try:
        return cluster.ask("GET", path)
    except Refused as refused:
        if "status 404" not in str(refused):
            raise
        return default


def move(cluster: Cluster, old: str, new: str, seconds: float) -> None:
    """Encode the passages of one index again into another; those that are there already stay."""
    body = {
        "conflicts": "proceed",
        "source": {"index": old, "_source": {"excludes": ["sparse"]}},
        "dest": {"index": new, "op_type": "create", "pipeline": new},
    }
    task = cluster.ask("POST", "/_reindex?wait_for_completion=false&refresh=true", body)["task"]
    end = time.monotonic() + seconds
    while not (status := cluster.ask("GET", f"/_tasks/{task}"))["completed"]:
        if time.monotonic() > end:
            raise Refused(f"the passages were not encoded in {seconds:.0f} s. Next: a larger --timeout")
        time.sleep(WAIT)
    failures = status.get("response", {}).get("failures") or status.get("error")
    if failures:
        raise Refused(f"passages could not be encoded again: {json.dumps(failures)[:500]}")
    print(f"{status['response'].get('created', 0)} passages of {old} are encoded again in {new}")


def remove(cluster: Cluster, index: str, keep: set[str]) -> None:
    """Delete an index, its pipelines, and the models that they name but those to `keep`."""
    named: set[str] = set()
    for kind in ("_ingest", "_search"):
        text = json.dumps(found_or(cluster, f"/{kind}/pipeline/{index}", {}))
        named |= set(re.findall(r'model_id": "([^"]+)"', text))
    cluster.ask("DELETE", f"/{index}")
    for kind in ("_ingest", "_search"):
        cluster.ask("DELETE", f"/{kind}/pipeline/{index}")
    for model in sorted(named - keep):
        cluster.ask("POST", f"/_plugins/_ml/models/{model}/_undeploy")
        cluster.ask("DELETE", f"/_plugins/_ml/models/{model}")
    print(f"{index} is deleted, with its pipelines and {len(named - keep)} models")


def main() -> int:
    """Run; 1 if the cluster refused something."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--index", default="sunwi-sparse", help="alias of the index")
    parser.add_argument("--remove", action="store_true", help="delete index, pipelines and models instead")
    parser.add_argument("--timeout", type=float, default=900, help="seconds that a deployment may take")
    args = parser.parse_args()
    try:
        cluster = Cluster()
        if args.remove:
            for index in behind(cluster, args.index):
                remove(cluster, index, keep=set())
        else:
            deploy(cluster, args.index, args.timeout)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
