"""The loopback server, and clients over it with waits that take no time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
from tests.llm_server import FakeServer

from sunwi.llm.client import LlmClient
from sunwi.llm.request import LlmRequest, Message
from sunwi.params.llm import LlmParams

KEY = "sk-planted-3f9a1c7e55d24b60"
VARIABLE = "SUNWI_TEST_KEY"


class Bench:
    """A server, a cache folder, the waits that were asked for, and clients over them."""

    def __init__(self, server: FakeServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.waits: list[float] = []

    def settings(self, **changes: Any) -> LlmParams:
        values = {
            "provider": "openai", "model": "solar-pro2", "base_url": f"{self.server.address}/v1",
            "api_key_env": VARIABLE, "timeout": 5.0, "max_tokens": 100, "concurrency": 4,
        }  # fmt: skip
        if changes.get("provider") == "gemini":
            values |= {"model": "gemini-2.5-flash", "base_url": self.server.address}
        return LlmParams.model_validate(values | changes)

    def client(self, **changes: Any) -> LlmClient:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        return LlmClient(self.settings(**changes), self.folder, sleep=sleep)

    @staticmethod
    def requests(count: int = 1, task: str = "questions", **more: Any) -> list[LlmRequest]:
        return [
            LlmRequest(task, f"d{row:03}", (Message("system", "질문"), Message("user", f"글 {row}")), **more)
            for row in range(count)
        ]


@pytest.fixture(scope="package", autouse=True)
def _one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """SDKs read all authorities of the web for each client: a tenth of a second, and none is asked here."""
    first, end, _ = Path(certifi.where()).read_text(encoding="utf-8").partition("-----END CERTIFICATE-----\n")
    file = tmp_path_factory.mktemp("certificate") / "one.pem"
    file.write_text(first + end, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    yield fake
    fake.close()


@pytest.fixture
def bench(server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv(VARIABLE, KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return Bench(server, tmp_path / "cache")


@pytest.fixture
def planted_key() -> str:
    return KEY
