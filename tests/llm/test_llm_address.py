"""Where the key goes: to the configured host alone, and in the clear only where a person allows it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.llm_server import FakeServer, Reply

from sunwi.errors import LlmError, ParamsError
from sunwi.llm.client import LlmClient
from sunwi.llm.credentials import is_remote_http, key_variable
from sunwi.llm.key import repair_key, request_key
from sunwi.params.llm import LlmParams
from sunwi.params.reading import validate

PROVIDERS = ["openai", "gemini"]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(bench: Any, server: Any, provider: str, status: int) -> None:
    other = FakeServer()
    try:
        other.default = lambda _: other.chat("x") if provider == "openai" else other.gemini("x")
        server.default = lambda _: Reply(b"", status, {"Location": f"{other.address}/v1/chat/completions"})
        with pytest.raises(LlmError, match=r"answered 30\d.*redirect"):
            bench.client(provider=provider, concurrency=1).complete(bench.requests(3), str)
        assert (server.calls, other.calls) == (1, 0)
    finally:
        other.close()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_where_the_server_wants_no_key_none_is_sent(bench: Any, server: Any, provider: str) -> None:
    server.default = lambda _: server.chat("x") if provider == "openai" else server.gemini("x")
    bench.client(provider=provider, api_key_env="").complete(bench.requests(1), str)
    assert not {"authorization", "x-goog-api-key"} & set(server.headers[0])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_key_goes_by_plain_http_to_no_other_machine(bench: Any, planted_key: str, provider: str) -> None:
    # a reserved address (RFC 5737): were the call made, it would fail otherwise
    settings = bench.settings(provider=provider, base_url="http://192.0.2.1:9/v1", timeout=0.2, max_tries=1)
    with pytest.raises(LlmError, match=r"allow_http") as refused:
        LlmClient(settings, bench.folder).complete(bench.requests(1), str)
    assert planted_key not in str(refused.value)
    for changes in ({"allow_http": True}, {"api_key_env": ""}):
        allowed = settings.model_copy(update=changes)
        (outcome,) = LlmClient(allowed, bench.folder).complete(bench.requests(1), str)
        assert outcome.status == "failed"  # it was tried


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        (None, False), ("https://host/v1", False), ("http://host/v1", True), ("HTTP://10.0.0.1", True),
        ("http://localhost:8000/v1", False), ("http://a.localhost/", False), ("http://127.9.9.9/", False),
        ("http://[::1]:8000/v1", False), ("http://0.0.0.0:8000/v1", False),
        ("http://[fe80::1]/", True), ("http://localhost.evil.kr/", True),
        ("http://notlocalhost/", True), ("http://127.0.0.1.evil.kr/", True),
    ],
)  # fmt: skip
def test_which_addresses_are_plain_http_to_another_machine(url: str | None, remote: bool) -> None:
    assert is_remote_http(url) is remote


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.upstage.ai", "UPSTAGE_API_KEY"), ("upstage.ai", "UPSTAGE_API_KEY"),
        ("notupstage.ai", "OPENAI_API_KEY"), ("upstage.ai.evil.kr", "OPENAI_API_KEY"),
    ],
)  # fmt: skip
def test_a_hosts_suffix_is_compared_with_its_dot(host: str, name: str) -> None:
    settings = LlmParams.model_validate({"provider": "openai", "base_url": f"https://{host}/v1"})
    assert key_variable(settings) == name


def test_the_keys_of_the_record_stay_what_they_were(bench: Any) -> None:
    (request,) = bench.requests(1)
    keys = {request_key(request, bench.settings(allow_http=allowed)) for allowed in (False, True)}
    assert keys == {"4fd9ef69d7ba2413b04218ed6daa7279653e21d20a950375a782403fabf83895"}  # as of d564c90
    repair = repair_key("4fd9ef69d7ba2413b04218ed6daa7279653e21d20a950375a782403fabf83895", "답")
    assert repair == "88fbcd2ae524ce4e54d0013efce4d1b506a422ab494fc6f91f71942b60cac257"


@pytest.mark.parametrize("url", ["http://[::1/v1", "http://host:port/v1", "http://host:99999/v1"])
def test_an_address_that_no_client_can_read_is_refused_with_the_params(url: str) -> None:
    with pytest.raises(ParamsError, match="base_url"):
        validate(LlmParams, {"base_url": url}, "params.yaml")
