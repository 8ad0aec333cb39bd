"""Addresses and logins: from the environment, checked before anything is sent, never shown."""

from __future__ import annotations

import pytest

from sunwi.errors import EngineError
from sunwi.search.servers.access import access_of
from sunwi.search.servers.connect import connect


def access(**values: str):
    return access_of("opensearch", {f"SUNWI_OPENSEARCH_{name}": value for name, value in values.items()})


def test_a_login_stands_in_no_repr() -> None:
    found = access(URL="https://search.example:9200/", USER="admin", PASSWORD="hunter2")
    assert (found.url, found.login) == ("https://search.example:9200", ("admin", "hunter2"))
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "SUNWI_OPENSEARCH_URL is not set"),
        ({"URL": "https://admin:hunter2@host:9200"}, "is no plain address"),
        ({"URL": "host:9200"}, "is no plain address"),
        ({"URL": "https://host", "USER": "admin"}, "one of .* is set without the other"),
        ({"URL": "http://host:9200", "USER": "admin", "PASSWORD": "hunter2"}, "sent unencrypted"),
        ({"URL": "http://host:9200", "API_KEY": "hunter2"}, "sent unencrypted"),
    ],
)
def test_a_faulty_address_is_refused_without_showing_a_secret(values, message) -> None:
    with pytest.raises(EngineError, match=message) as raised:
        access(**values)
    assert "hunter2" not in str(raised.value)


def test_plain_http_is_taken_on_this_machine() -> None:
    assert access(URL="http://127.0.0.1:9200", USER="a", PASSWORD="b").login == ("a", "b")


def test_opensearch_knows_no_api_keys() -> None:
    pytest.importorskip("opensearchpy")
    values = {"SUNWI_OPENSEARCH_URL": "https://host", "SUNWI_OPENSEARCH_API_KEY": "hunter2"}
    with pytest.raises(EngineError, match="OpenSearch knows no API keys"):
        connect("opensearch", 1.0, values)


@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch"])
def test_a_server_that_is_down_says_where_it_was_sought(engine) -> None:
    pytest.importorskip("elasticsearch" if engine == "elasticsearch" else "opensearchpy")
    server, _ = connect(engine, 2.0, {f"SUNWI_{engine.upper()}_URL": "http://127.0.0.1:9"})
    with pytest.raises(EngineError, match=r"no answer from http://127.0.0.1:9 .*start the server"):
        server.send("GET", "/")
