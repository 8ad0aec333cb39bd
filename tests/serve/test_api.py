"""The API over a real socket: search, OpenAI's embeddings, both forms of reranking, and who may ask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.serve.conftest import Served

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.serve.access import Access

TOKEN = "0123456789abcdef"


def ask(served: Served, path: str, **body: Any) -> httpx.Response:
    return httpx.post(served.url + path, json=body, timeout=60, trust_env=False)


def test_search_shows_every_component(served: Served) -> None:
    found = ask(served, "/v1/search", query="산소를 나르는 헤모글로빈", variant="hybrid", k=3).json()
    first = found["results"][0]
    assert first["docid"] == "d3"
    assert set(first["components"]) == {"bm25", "dense", "fused", "late_interaction", "questions"}
    assert first["components"]["bm25"]["rank"] == 1
    words = [first["text"][start:end] for start, end in first["matches"]]
    assert "산소" in words
    assert [row["rank"] for row in found["results"]] == [1, 2, 3]


def test_chunks_stand_for_their_document(served: Served) -> None:
    first = ask(served, "/v1/search", query="훈민정음을 만든 세종대왕", variant="bm25").json()["results"][0]
    assert (first["docid"], first["passage"]) == ("d4", "d4#0")
    whole = httpx.get(f"{served.url}/v1/passages/d4", trust_env=False).json()
    assert whole["content"].splitlines() == [
        "세종대왕은 1443년에 훈민정음을 만들었다.",
        "자음은 열일곱 자, 모음은 열한 자였다.",
    ]


def test_a_variant_that_is_not_built_names_its_command(served: Served) -> None:
    answer = ask(served, "/v1/search", query="지진", variant="tuned")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert "not built yet" in error["message"]
    assert "dvc repro submit_promoted@tuned" in error["next_step"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"query": ""}, "query"),
        ({"query": "가" * 4001}, "query"),
        ({"query": "가", "k": 101}, "k"),
        ({"query": "가", "other": 1}, "other"),
    ],
)
def test_faulty_requests_name_the_field(served: Served, body: dict[str, Any], param: str) -> None:
    answer = ask(served, "/v1/search", **body)
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == param


def test_the_official_client_embeds(served: Served, encoder: Encoder) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{served.url}/v1", api_key="none")
    texts = ["산소를 나른다", "땅이 흔들린다"]
    answer = client.embeddings.create(model="base", input=texts)  # base64, as this client wants it
    vectors = np.array([row.embedding for row in answer.data], dtype=np.float32)
    expected = encoder.encode(texts, "query", 24).astype(np.float32)
    np.testing.assert_array_equal(vectors, expected)
    plain = ask(served, "/v1/embeddings", model="base", input=texts[0], input_type="passage").json()
    passage = encoder.encode(texts[:1], "passage", 48).astype(np.float32)
    np.testing.assert_allclose(plain["data"][0]["embedding"], passage[0], atol=1e-7)
    assert [model.id for model in client.models.list().data] == ["base"]


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
def test_both_forms_of_reranking(served: Served, path: str) -> None:
    texts = ["지각판이 움직이면 땅이 흔들린다.", "헤모글로빈이 산소를 나른다."]
    tei = ask(served, path, query="산소는 무엇이 나르나?", texts=texts).json()
    assert [row["index"] for row in tei] == [1, 0]
    assert set(tei[0]) == {"index", "score"}
    cohere = ask(
        served,
        path,
        model="x",
        query="산소는 무엇이 나르나?",
        documents=[texts[0], {"text": texts[1]}],
        top_n=1,
    ).json()
    assert cohere["results"] == [{"index": 1, "relevance_score": tei[0]["score"]}]
    assert ask(served, path, query="가", texts=["나"], documents=["다"]).status_code == 422


def test_concurrent_requests_give_the_same_places(served: Served) -> None:
    def places(at: int) -> list[str]:
        query = f"땅이 흔들리는 까닭 {at}"
        answer = ask(served, "/v1/search", query=query, variant="hybrid", matches=False)
        return [row["docid"] for row in answer.json()["results"]]

    alone = [places(at) for at in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(places, range(8))) == alone


def test_safe_headers_and_refusals(served: Served) -> None:
    page = httpx.get(served.url, trust_env=False)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    other = {"origin": "https://elsewhere.example"}
    assert httpx.post(f"{served.url}/v1/search", json={"query": "가"}, headers=other).status_code == 403
    assert httpx.get(served.url, headers={"host": "elsewhere.example"}).status_code == 421
    assert httpx.post(f"{served.url}/v1/search", content=b" " * (5 << 20)).status_code == 413

    def endless() -> Any:
        for _ in range(80):
            yield b" " * (1 << 16)

    chunked = httpx.post(
        f"{served.url}/v1/search", content=endless(), headers={"content-type": "application/json"}
    )
    assert chunked.status_code == 413
    for path in ("/static/../app.py", "/static/..%2fapp.py", "/v1/passages/..%2f..%2fparams.yaml"):
        answer = httpx.get(served.url + path)
        assert answer.status_code in {400, 404}
        assert "next_step" in answer.text


def test_the_documentation_lists_every_path(served: Served) -> None:
    page = httpx.get(f"{served.url}/docs").text
    for path in httpx.get(f"{served.url}/openapi.json").json()["paths"]:
        assert f" {path}</code>" in page
    assert "4000 characters at most" in page
    assert "[{" not in page  # a type is words, not its schema


def test_other_addresses_need_the_token(built: Path) -> None:
    with pytest.raises(DataError, match="there is no token"):
        Access("0.0.0.0", None)
    with pytest.raises(DataError, match="16 or more"):
        Access("0.0.0.0", "short")
    server = Served(built, Access("0.0.0.0", TOKEN))
    try:
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        assert httpx.get(f"{server.url}/").status_code == 401
        wrong = {"authorization": f"Bearer {TOKEN[:-1]}x"}
        assert httpx.get(f"{server.url}/v1/variants", headers=wrong).status_code == 401
        right = {"authorization": f"Bearer {TOKEN}"}
        assert httpx.get(f"{server.url}/v1/variants", headers=right).status_code == 200
        with httpx.Client(base_url=server.url) as browser:
            assert browser.post("/enter", data={"token": "wrong"}).status_code == 401
            entered = browser.post("/enter", data={"token": TOKEN})
            assert entered.status_code == 303
            assert TOKEN not in str(entered.headers)
            assert browser.get("/").status_code == 200
    finally:
        server.close()


def test_an_assistant_searches_and_reads(served: Served) -> None:
    import asyncio

    mcp = pytest.importorskip("mcp")

    async def session() -> tuple[list[str], Any, Any]:
        async with mcp.Client(f"{served.url}/mcp") as client:
            tools = await client.list_tools()
            found = await client.call_tool("search", {"query": "산소를 나르는 헤모글로빈", "variant": "bm25"})
            read = await client.call_tool("read_passage", {"docid": "d3"})
            return [tool.name for tool in tools.tools], found, read

    names, found, read = asyncio.run(session())
    assert sorted(names) == ["read_passage", "search"]
    assert found.structured_content["results"][0]["docid"] == "d3"
    assert "헤모글로빈" in read.structured_content["content"]
