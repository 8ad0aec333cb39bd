"""Variants that ask a language model: refused without `--llm`, answered with it, within its budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from tests.judge_server import JudgeServer
from tests.llm_server import FakeServer
from tests.serve.conftest import VARIANTS, Served
from tests.small_project import ASKED, write_project

from sunwi.cli.serve import make_engine
from sunwi.errors import DataError
from sunwi.judging.places import TRUST
from sunwi.paths import INDEX
from sunwi.records.corpus import Document
from sunwi.records.files import write_json
from sunwi.search.index.store import save_vectors

LLM = """
llm: {{provider: openai, model: m, base_url: {address}/v1, api_key_env: "", price_in: 1, price_out: 2}}
judge: {{provider: llm}}
"""
ASKING = """
  asks: {retrievers: [bm25], fusion: weighted, llm_rerank: {top: 2}}
"""
COMBINED = """
combinations:
  decided: {arbiter: {from: bm25, to: asks, llm: true, encoder: base}}
"""


@pytest.fixture
def llm_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = JudgeServer(lambda _, passage: 0 if "헤모글로빈" in passage else 3)
    judged = server.default
    reversed_order = json.dumps({"ranking": [2, 1]})
    server.default = lambda body: (
        server.chat(reversed_order) if "순위를 매기세요" in server.asked(body) else judged(body)
    )
    yield server
    server.close()


@pytest.fixture
def asking(
    tmp_path: Path,
    tiny_corpus: list[Document],
    llm_server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The variants search by words and the judge decides, so no model is loaded: the vectors are blank."""
    variants = VARIANTS.replace("promoted:\n", ASKING + "promoted:\n") + COMBINED
    params = variants + LLM.format(address=llm_server.address)
    folder = write_project(tmp_path / "project", tiny_corpus, params)
    for name, rows in (("corpus", len(tiny_corpus)), ("questions", len(ASKED)), ("index_questions", 0)):
        save_vectors(folder / INDEX / "base" / f"{name}.npy", np.zeros((rows, 384), dtype=np.float16))
    write_json(folder / INDEX / "fusion_base.json", {})
    write_json(folder / TRUST, {"used": True, "why": "agreement with people reaches judge.floor"})
    monkeypatch.chdir(folder)
    return folder


def search(url: str, variant: str) -> httpx.Response:
    body = {"query": "산소를 나르는 헤모글로빈", "variant": variant, "k": 3}
    return httpx.post(f"{url}/v1/search", json=body, timeout=600, trust_env=False)


def test_it_is_refused_without_llm_and_needs_a_budget(asking: Path, llm_server: FakeServer) -> None:
    served = Served(asking)
    try:
        error = search(served.url, "asks").json()["error"]
        assert "it asks a language model" in error["message"]
        assert "sunwi serve --llm --budget" in error["next_step"]
    finally:
        served.close()
    with pytest.raises(DataError, match="needs a budget"):
        make_engine(llm=True)
    assert llm_server.calls == 0


def test_with_llm_it_answers_and_the_budget_stops_it(asking: Path, llm_server: FakeServer) -> None:
    served = Served(asking, engine=make_engine(llm=True, budget=1.0))
    try:
        plain = [row["docid"] for row in search(served.url, "bm25").json()["results"]]
        turned = [row["docid"] for row in search(served.url, "asks").json()["results"]]
        assert turned == [plain[1], plain[0], *plain[2:]]
        assert llm_server.calls == 1
    finally:
        served.close()
    poor = Served(asking, engine=make_engine(llm=True, budget=0.000001))
    try:
        body = {"query": "다른 질의로 산소를 묻다", "variant": "asks"}
        answer = httpx.post(f"{poor.url}/v1/search", json=body, timeout=600, trust_env=False)
        assert answer.status_code >= 400
        assert "llm.budget" in answer.json()["error"]["message"]
        assert llm_server.calls == 1
    finally:
        poor.close()


def test_an_arbiter_asks_the_judge_live(asking: Path, llm_server: FakeServer) -> None:
    served = Served(asking, engine=make_engine(llm=True, budget=1.0))
    try:
        orders = {}
        for variant in ("bm25", "asks", "decided"):
            body = {"query": "헤모글로빈이 나르는 산소", "variant": variant, "k": 3}
            answer = httpx.post(f"{served.url}/v1/search", json=body, timeout=600, trust_env=False)
            orders[variant] = [row["docid"] for row in answer.json()["results"]]
        assert orders["bm25"][0] == "d3"
        assert orders["asks"][:2] == [orders["bm25"][1], "d3"]
        assert orders["decided"][:2] == orders["asks"][:2]  # the judge finds the other one better
        assert llm_server.calls == 1 + 2  # one order, and one comparison in both orders
    finally:
        served.close()
