"""`sunwi serve --stdio` by the SDK's own client, and `sunwi judge` killed while a judge works."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.serve.conftest import lines_of

from sunwi.judging.places import JUDGEMENTS, POOL
from sunwi.judging.pools import PooledDocument, PooledQuery
from sunwi.records.files import write_rows

pytestmark = pytest.mark.heavy  # each starts a process that loads the models
COMMAND = ["-c", "from sunwi.cli import main; main()"]
DOCUMENTS = ["d1", "d2", "d3", "d5", "d6", "d7"]


def environment() -> dict[str, str]:
    names = ("PATH", "PYTHONPATH", "HOME", "SUNWI_CACHE_DIR", "HF_HUB_OFFLINE", "OMP_NUM_THREADS")
    return {name: os.environ[name] for name in names if name in os.environ}


def test_an_assistant_asks_over_stdio(built: Path) -> None:
    mcp = pytest.importorskip("mcp")
    server = mcp.StdioServerParameters(
        command=sys.executable, args=[*COMMAND, "serve", "--stdio"], cwd=str(built), env=environment()
    )

    async def session() -> tuple[list[str], Any, Any]:
        async with mcp.Client(server) as client:
            tools = await client.list_tools()
            asked = {"query": "산소를 나르는 헤모글로빈", "variant": "bm25"}
            found = await client.call_tool("search", asked)
            return (
                [tool.name for tool in tools.tools],
                found,
                await client.call_tool("read_passage", {"docid": "d3"}),
            )

    names, found, read = asyncio.run(session())
    assert sorted(names) == ["read_passage", "search"]
    assert found.structured_content["results"][0]["docid"] == "d3"
    assert "헤모글로빈" in read.structured_content["content"]


class Desk:
    """`sunwi judge` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *COMMAND, "judge", "--port", "0"],
            cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split("/desk")[0]  # printed once the port is open
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.url}/healthz", trust_env=False)
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("the desk did not answer")

    def state(self, judge: str) -> Any:
        return httpx.get(f"{self.url}/desk/state", params={"judge": judge}, trust_env=False).json()


def test_what_was_answered_survives_a_kill_in_mid_session(built: Path) -> None:
    documents = [PooledDocument(docid=docid, passage=docid) for docid in DOCUMENTS]
    shared = {"split": "dev", "random": False, "doubled": False, "documents": documents}
    pool = [{**shared, "place": at, "qid": str(at), "query": f"질의 {at}"} for at in range(200)]
    write_rows(built / POOL, [PooledQuery.model_validate(query) for query in pool])
    desk, saved = Desk(built), []

    def judge() -> None:
        with httpx.Client(base_url=desk.url, trust_env=False) as client:
            for at in range(len(pool)):
                for docid in DOCUMENTS:
                    body = {"judge": "killed", "place": at, "docid": docid, "kind": "grade", "grade": at % 4}
                    try:
                        client.post("/desk/judgements", json=body).raise_for_status()
                    except httpx.TransportError:
                        return
                    saved.append((str(at), docid, at % 4))

    working = threading.Thread(target=judge)
    working.start()
    until = time.monotonic() + 60
    while len(saved) < 25 and time.monotonic() < until:
        time.sleep(0.01)
    desk.process.send_signal(signal.SIGKILL)
    desk.process.wait(60)
    working.join(60)
    try:
        assert 25 <= len(saved) < len(pool) * len(DOCUMENTS)
        lines = [(line["qid"], line["docid"], line["grade"]) for line in lines_of(built, "killed")]
        assert lines[: len(saved)] == saved
        assert len(lines) <= len(saved) + 1  # a line may be on the disk whose answer the kill took
        again = Desk(built)
        try:
            judged = [
                document
                for query in again.state("killed")["queries"]
                for document in query["documents"]
                if document["judged"]
            ]
            assert len(judged) == len(lines)
        finally:
            again.process.terminate()
            again.process.wait(60)
    finally:
        (built / JUDGEMENTS / "killed.jsonl").unlink()
        (built / POOL).unlink()
