"""A small project built by hand, its server in a thread, and the browser of the report's tests."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from tests.report.conftest import browser  # noqa: F401  a fixture
from tests.small_project import write_project, write_vectors

from sunwi.models.encoder import Encoder
from sunwi.paths import INDEX, RANKINGS
from sunwi.records.corpus import Document
from sunwi.records.files import write_rows
from sunwi.records.ranking import RankingRow
from sunwi.serve.access import Access
from sunwi.serve.app import make_app
from sunwi.serve.engine import Engine
from sunwi.workspace.base import Workspace

VARIANTS = """
baselines:
  bm25: {retrievers: [bm25], fusion: weighted}
  dense: {retrievers: [dense], fusion: weighted}
  hybrid:
    retrievers: [bm25, dense, questions]
    fusion: rrf
    rerank: late_interaction
    rerank_weights: {retriever: 1, late_interaction: 1}
promoted:
  tuned: {retrievers: [dense], fusion: weighted}
score: {baseline: dense}
"""
ATTACK = '<script>window.hacked = true</script><img src=x onerror="window.hacked = true">'


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, tiny_corpus: list[Document], encoder: Encoder) -> Path:
    """Baselines can answer, the variant of the tuned encoder cannot; d5 attacks the page."""
    corpus = [
        row.model_copy(update={"content": f"{row.content} {ATTACK}"}) if row.docid == "d5" else row
        for row in tiny_corpus
    ]
    folder = write_project(tmp_path_factory.mktemp("served") / "project", corpus, VARIANTS)
    write_vectors(folder, corpus, encoder, "base")
    (folder / INDEX / "fusion_base.json").write_text("{}", encoding="utf-8")
    orders = {"bm25": ["d2", "d5", "d1"], "dense": ["d5", "d3", "d2"]}
    for name, order in orders.items():
        rows = [
            RankingRow(eval_id=qid, docids=order, passages=order, scores=[3.0, 2.0, 1.0]) for qid in (1, 2, 3)
        ]
        write_rows(folder / RANKINGS / f"{name}.dev.jsonl", rows)
    return folder


class Served:
    """A server on a free port of this machine."""

    def __init__(
        self, folder: Path, access: Access | None = None, *, mcp: bool = False, engine: Engine | None = None
    ) -> None:
        self.engine = engine or Engine(Workspace(folder))
        self.app = make_app(self.engine, access or Access("127.0.0.1", None), mcp=mcp)
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(self.app, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        self.thread.start()
        until = time.monotonic() + 60
        while not self.server.started and time.monotonic() < until:
            time.sleep(0.02)

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(60)
        self.socket.close()


@pytest.fixture(scope="session")
def served(built: Path) -> Iterator[Served]:
    server = Served(built, mcp=True)
    try:
        yield server
    finally:
        server.close()


def lines_of(folder: Path, judge: str) -> list[dict[str, object]]:
    text = (folder / "data" / "judgements" / f"{judge}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
