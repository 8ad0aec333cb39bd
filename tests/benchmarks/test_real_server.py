"""The benchmark of a real language model, over a loopback server that answers well and badly."""

import json
from pathlib import Path
from typing import Any

from tests.llm_server import FakeServer, Reply

from benchmarks.llm.real_server import run, table
from sunwi.params.llm import LlmParams


def test_every_kind_of_answer_is_counted(tmp_path: Path) -> None:
    server = FakeServer()

    def answer(body: dict[str, Any]) -> Reply:
        asked = " ".join(message["content"] for message in body["messages"])  # a repair has three turns
        if "ranking" in asked:
            return server.chat(json.dumps({"ranking": [2, 1, 99]}))  # no passage has the number 99
        if "needs_retrieval" in asked:
            return server.chat('{"needs_retrieval": true}')
        return server.chat("no JSON", "length")

    server.default = answer
    settings = LlmParams(
        provider="openai", model="tiny", base_url=f"{server.address}/v1", api_key_env="", concurrency=2
    )
    client = run(settings, 2, tmp_path)
    assert client.kinds["intent"] == {"ok": 2}
    assert client.kinds["rerank"] == {"malformed": 2}
    assert client.kinds["variants"] == {"truncated": 2}
    questions = next(task for task in client.kinds if client.kinds[task].total() == 10)
    assert client.kinds[questions]["truncated"] == 10
    text = table(client)
    assert "| rerank | 2 | 0 | 0 | 2 |" in text
    assert "unknown numbers [99]" in text
    before = server.calls
    run(settings, 2, tmp_path)  # recorded: only what is no final word is asked again
    assert server.calls - before <= 4
