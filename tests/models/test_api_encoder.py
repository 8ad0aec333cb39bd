"""An embeddings API as the encoder, over loopback with the official client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.running import running

from sunwi.errors import BudgetExceeded, LlmError, ModelError, ReplayMissing
from sunwi.models import api_encoder
from sunwi.models.api_encoder import ApiEncoder
from sunwi.models.api_spec import parse_spec
from sunwi.models.encoder import Encoder
from sunwi.models.loading import load_config
from sunwi.models.resolver import resolve
from sunwi.models.saving import save_encoder
from sunwi.params.encoder import EncoderParams
from sunwi.search.rerank.rerankers import Rerankers

pytest.importorskip("openai")
TEXTS = ["지구는 태양을 돈다.", "바닷물은 짜다.", "산은 높다."]


class Api:
    """What the server saw, and how often it refuses first."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.refusals: list[int] = []
        self.broken = False


def vector(model: str, text: str) -> list[float]:
    return [float(len(text)), float(len(model)), 1.0]


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Api, str]]:
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-test")
    state = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append(body)
            state.keys.append(self.headers.get("authorization"))
            if state.refusals:
                self.reply(state.refusals.pop(), {"error": {"message": "no, sk-secret-of-the-test"}})
                return
            texts = body["input"][:-1] if state.broken else body["input"]
            rows = [
                {"object": "embedding", "index": at, "embedding": vector(body["model"], text)}
                for at, text in enumerate(texts)
            ]
            usage = {"prompt_tokens": 5, "total_tokens": 5}
            self.reply(200, {"object": "list", "data": rows[::-1], "model": body["model"], "usage": usage})

        def reply(self, status: int, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("retry-after-ms", "1")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: Any) -> None:
            pass

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield state, f"api/embedding-query,embedding-passage@http://127.0.0.1:{server.server_port}/v1"


def encoder_of(spec: str) -> Encoder:
    return Encoder.of(resolve(spec), EncoderParams())


def test_each_side_has_its_model_and_a_vector_is_bought_once(api: tuple[Api, str]) -> None:
    state, spec = api
    encoder = encoder_of(spec)
    assert isinstance(encoder, ApiEncoder)
    found = encoder.encode([*TEXTS, TEXTS[0]], "passage", 256)
    expected = np.array([vector("embedding-passage", text) for text in [*TEXTS, TEXTS[0]]])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.abs(found - expected).max() < 1e-3  # float16
    assert [request["model"] for request in state.requests] == ["embedding-passage"]
    assert sorted(state.requests[0]["input"]) == sorted(TEXTS)
    encoder.encode(TEXTS[:1], "query", 64)
    assert state.requests[-1]["model"] == "embedding-query"
    before = len(state.requests)
    assert np.array_equal(encoder_of(spec).encode(TEXTS, "passage", 256), found[:3])
    assert len(state.requests) == before
    assert encoder_of(spec).missing([*TEXTS, "새 글"], "passage", 256) == 1


def test_kept_vectors_are_replayed_without_a_server_and_a_key(
    api: tuple[Api, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, spec = api
    found = encoder_of(spec).encode(TEXTS, "passage", 256)
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setattr(api_encoder, "LOOPBACK", frozenset())  # as if the server were another machine
    assert np.array_equal(encoder_of(spec).encode(TEXTS, "passage", 256), found)
    with pytest.raises(ReplayMissing, match="OPENAI_API_KEY is not set"):
        encoder_of(spec).encode(["새 글"], "passage", 256)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-test")
    with pytest.raises(LlmError, match="plain http to another machine"):
        encoder_of(spec).encode(["새 글"], "passage", 256)


def test_it_tries_again_and_never_shows_the_key(api: tuple[Api, str]) -> None:
    state, spec = api
    state.refusals = [503, 429]
    encoder_of(spec).encode(TEXTS, "passage", 256)
    assert len(state.requests) == 3
    assert set(state.keys) == {"Bearer sk-secret-of-the-test"}
    state.refusals = [401]
    with pytest.raises(LlmError) as fault:
        encoder_of(spec).encode(["다른 글"], "passage", 256)
    assert "embedding-passage" in str(fault.value)
    assert "sk-secret" not in str(fault.value)
    assert "[key]" in str(fault.value)


def test_what_is_no_vector_for_each_text_is_refused_and_not_kept(api: tuple[Api, str]) -> None:
    state, spec = api
    state.broken = True
    with pytest.raises(LlmError, match="gave 2 answers for 3 texts"):
        encoder_of(spec).encode(TEXTS, "passage", 256)
    assert encoder_of(spec).missing(TEXTS, "passage", 256) == 3


def test_the_budget_stops_before_the_request_and_keeps_what_was_bought(
    api: tuple[Api, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state, spec = api
    monkeypatch.setattr(ApiEncoder, "CHUNK", 1)
    monkeypatch.setenv("SUNWI_EMBEDDING_TOKENS", "24")
    with pytest.raises(BudgetExceeded, match="SUNWI_EMBEDDING_TOKENS is 24, 5 are spent"):
        encoder_of(spec).encode(TEXTS[::-1], "passage", 256)  # 14, 20 and 27 bytes
    assert len(state.requests) == 1
    assert encoder_of(spec).missing(TEXTS, "passage", 256) == 2


def test_what_needs_weights_is_refused_with_what_to_set(api: tuple[Api, str], tmp_path: Path) -> None:
    _, spec = api
    info = resolve(spec)
    for ask in (lambda: encoder_of(spec).token_vectors(TEXTS, "query", 64), lambda: load_config(info.folder)):
        with pytest.raises(ModelError, match=r"embeddings API.*train_embedder\.enabled: false"):
            ask()
    assert Rerankers(encoder_of(spec), None, EncoderParams(), 64).names == ()
    save_encoder(info, None, tmp_path / "promoted")  # what the pipeline promotes where training is off
    assert resolve(str(tmp_path / "promoted")).content_hash == info.content_hash


@pytest.mark.parametrize(
    "spec", ["api/", "api/a,b,c", "api/a@ftp://host", "api/a@", "api/a@https://u:p@host/v1"]
)
def test_malformed_specs(spec: str) -> None:
    with pytest.raises(ModelError) as fault:
        parse_spec(spec)
    assert "u:p" not in str(fault.value)
