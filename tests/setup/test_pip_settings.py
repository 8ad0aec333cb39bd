"""Settings made for pip, as uv gets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.pip_settings import says_no_index, uv_environment


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {}),
        ({"index-url": "http://a/simple"}, {"UV_DEFAULT_INDEX": "http://a/simple"}),
        (
            {"extra-index-url": "http://b\nhttp://c"},
            {"UV_INDEX": "http://b http://c", "UV_INDEX_STRATEGY": "unsafe-best-match"},
        ),
        ({"find-links": "http://d /not/there\n/"}, {"UV_FIND_LINKS": "http://d,/"}),
        ({"find-links": "/not/there"}, {}),
        ({"trusted-host": "e f:80"}, {"UV_INSECURE_HOST": "e f:80"}),
        ({"default-timeout": "180"}, {"UV_HTTP_TIMEOUT": "180"}),
        (
            {"cert": "/ca.pem", "client-cert": "/me.pem"},
            {"SSL_CERT_FILE": "/ca.pem", "SSL_CLIENT_CERT": "/me.pem"},
        ),
        (
            {"proxy": "http://p:1"},
            dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://p:1"),
        ),
        ({"progress-bar": "off"}, {}),
    ],
)
def test_each_setting_has_its_variable(settings: dict[str, str], expected: dict[str, str]) -> None:
    assert uv_environment(settings, {"PATH": "x"}) == {"PATH": "x", **expected}


def test_a_folder_of_certificates_is_one(tmp_path: Path) -> None:
    assert uv_environment({"cert": str(tmp_path)}, {}) == {"SSL_CERT_DIR": str(tmp_path)}


@pytest.mark.parametrize("own", ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"])
def test_indexes_that_were_chosen_for_uv_stay(own: str) -> None:
    settings = {"index-url": "http://a", "extra-index-url": "http://b", "timeout": "5"}
    assert uv_environment(settings, {own: "http://own"}) == {own: "http://own", "UV_HTTP_TIMEOUT": "5"}


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_no_index_is_an_option(value: str, expected: bool) -> None:
    assert says_no_index({"no-index": value}) is expected
