"""The key is sent and shown nowhere, whatever server and SDK echo."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest

from sunwi.errors import LlmError, ParamsError
from sunwi.llm.credentials import Redactor, key_variable
from sunwi.params.llm import LlmParams
from sunwi.params.reading import validate


@pytest.mark.parametrize("provider", ["openai", "gemini"])
def test_a_planted_key_reaches_the_server_and_nothing_else(
    bench: Any, server: Any, planted_key: str, provider: str, caplog: Any, capfd: Any
) -> None:
    echo = f"bad header Authorization: Bearer {planted_key} api_key={planted_key}"
    answer = server.chat if provider == "openai" else server.gemini
    server.script = [
        answer(f"your key is {planted_key}"), server.error(500, echo), server.error(429, echo),
        server.error(503, echo), answer("좋다"), server.error(401, echo),
    ]  # fmt: skip
    client = bench.client(provider=provider, concurrency=1, max_tries=3)
    with caplog.at_level(logging.DEBUG), pytest.raises(LlmError) as stopped:
        client.complete(bench.requests(9), str)
    assert server.calls == 6
    assert planted_key in " ".join(server.headers[0].values())
    error: BaseException | None = stopped.value
    shown = [str(error), repr(error), "".join(traceback.format_exception(stopped.value))]
    chain = set()
    while error is not None and id(error) not in chain:
        chain.add(id(error))
        shown.append(repr(vars(error)))
        error = error.__cause__ or error.__context__
    record = client.complete(bench.requests(1), str)
    shown += [repr(record), repr(client.ledger.metrics()), repr(client.settings), repr(vars(client))]
    shown += [caplog.text, *capfd.readouterr()]
    for path in bench.folder.iterdir():
        assert planted_key.encode() not in path.read_bytes(), path
    assert not [text for text in shown if planted_key in text]
    assert record[0].text == "your key is [key]"


def test_a_failed_row_tells_the_reason_without_the_key(bench: Any, server: Any, planted_key: str) -> None:
    server.default = lambda _: server.error(500, f"Bearer {planted_key} and Bearer another-token-12")
    (outcome,) = bench.client(max_tries=1).complete(bench.requests(1), str)
    assert outcome.status == "failed"
    assert planted_key not in outcome.detail
    assert "another-token-12" not in outcome.detail
    assert "Bearer [key]" in outcome.detail


@pytest.mark.parametrize("value", ["sk-abc123def", "up_AbC", "UPSTAGE-KEY", "lower_case"])
def test_a_key_in_place_of_a_variables_name_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(ParamsError) as refused:
        validate(LlmParams, {"api_key_env": value}, "params.yaml")
    assert "api_key_env" in str(refused.value)
    assert value not in str(refused.value)


@pytest.mark.parametrize("url", ["http://me:secret9@host/v1", "https://host/v1?key=secret9", "host/v1"])
def test_an_address_holds_no_credentials(url: str) -> None:
    with pytest.raises(ParamsError) as refused:
        validate(LlmParams, {"base_url": url}, "params.yaml")
    assert "base_url" in str(refused.value)
    assert "secret9" not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"provider": "gemini"}, "GEMINI_API_KEY"),
        ({"provider": "openai"}, "OPENAI_API_KEY"),
        ({"provider": "openai", "base_url": "https://api.upstage.ai/v1"}, "UPSTAGE_API_KEY"),
        ({"provider": "openai", "base_url": "http://127.0.0.1:8000/v1", "api_key_env": ""}, ""),
        ({"provider": "gemini", "api_key_env": "MY_KEY"}, "MY_KEY"),
    ],
)
def test_which_variable_has_the_key(settings: dict[str, Any], name: str) -> None:
    assert key_variable(LlmParams.model_validate(settings)) == name


@pytest.mark.parametrize("ending", ["\nX-Other: 1", " two", "한"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(
    bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch, planted_key: str, ending: str
) -> None:
    monkeypatch.setenv("SUNWI_TEST_KEY", planted_key + ending)
    with pytest.raises(LlmError, match="SUNWI_TEST_KEY has blanks") as refused:
        bench.client().complete(bench.requests(1), str)
    assert planted_key not in str(refused.value)
    assert server.calls == 0


def test_reasons_are_one_short_line() -> None:
    reason = Redactor("sk-1").reason("line\nx-goog-api-key: AIza123, " + "long " * 200)
    assert "\n" not in reason
    assert len(reason) <= 300
    assert "AIza123" not in reason


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize("status", [200, 401, 500])
def test_an_echo_that_is_cut_within_the_key_shows_no_part_of_it(
    bench: Any, server: Any, planted_key: str, provider: str, status: int
) -> None:
    for before in (40, 65, 75, 185, 195):
        text = "x" * before + planted_key
        server.default = lambda _, text=text: server.error(status, text)
        client = bench.client(provider=provider, concurrency=1, max_tries=1)
        try:
            (outcome,) = client.complete(bench.requests(1), str)
            told = outcome.detail
        except LlmError as error:
            told = str(error)
        assert "xxx" in told
        assert planted_key[:8] not in told


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize("key", ["x", "k", "0", "content", "parts"])
def test_a_short_key_changes_no_answer(
    bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch, provider: str, key: str
) -> None:
    """Such a key only satisfies the SDK; cut out of answers, it would break their marks ("<thin[key]>")."""
    monkeypatch.setenv("SUNWI_TEST_KEY", key)
    text = "<think>0 drafts, parts of x</think>x, 0, k parts"
    server.default = lambda _: server.chat(text) if provider == "openai" else server.gemini(text)
    client = bench.client(provider=provider)
    (outcome,) = client.complete(bench.requests(1), str)
    assert outcome.value == "x, 0, k parts"
    assert client.ledger.spent_tokens[0] == 10


def test_a_short_key_is_a_word_of_its_own_in_reasons() -> None:
    assert (
        Redactor("no").reason("no key 'no' in node, api_key=no") == "[key] key '[key]' in node, api_key=[key]"
    )
