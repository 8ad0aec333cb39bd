"""The API key: read from the environment, never shown."""

from __future__ import annotations

import ipaddress
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sunwi.errors import LlmError
from sunwi.llm.provider import PROVIDERS

if TYPE_CHECKING:
    from sunwi.params.llm import LlmParams

NO_KEY = "none"  # what a server that wants no key is sent: the SDKs insist on one
_CREDENTIAL = re.compile(r"(?i)(\bbearer\s+|\b(?:x-goog-)?api[-_ ]?key[\"']?\s*[:=]\s*[\"']?)[^\s\"',}]+")
_LONGEST = 300
_SECRET = 7  # characters; what is shorter ("x", "EMPTY") only satisfies an SDK, and words of answers hold it
_LONG_KEY = 12  # characters; no name in a reply's JSON is as long and a key


def key_variable(settings: LlmParams) -> str:
    """Name of the environment variable that holds the key; "" if the server wants none."""
    if settings.api_key_env is not None:
        return settings.api_key_env
    return PROVIDERS.load(settings.provider).usual_key(settings.base_url)


def has_key(settings: LlmParams) -> bool:
    """Whether calls can be made as far as the key is concerned."""
    name = key_variable(settings)
    return not name or bool(os.environ.get(name, "").strip())


def api_key(settings: LlmParams) -> str:
    """The key of these settings.

    Raises
    ------
    LlmError
        Naming the variable that is not set, or has a character that no HTTP header can have; or if the key
        would be sent unencrypted to another machine and `allow_http` is not set.
    """
    name = key_variable(settings)
    if not name:
        return NO_KEY
    key = os.environ.get(name, "").strip()
    if key and is_remote_http(settings.base_url) and not settings.allow_http:
        raise LlmError(
            f"llm.base_url is plain http to another machine: the key of {name} would be readable on the way",
            "use https://, or set llm.allow_http: true if the network is your own, "
            'or llm.api_key_env: "" if the server wants no key',
        )
    if not key:
        raise LlmError(
            f"provider {settings.provider} needs a key and the environment variable {name} is not set",
            f"export {name}=..., or set llm.api_key_env to the variable that has the key",
        )
    if not re.fullmatch(r"[!-~]+", key):  # the HTTP library's own fault would show it
        what = (
            f"the key in the environment variable {name} has blanks, line breaks or characters beyond ASCII"
        )
        raise LlmError(what, f"copy the key again: export {name}=...")
    return key


def is_remote_http(base_url: str | None) -> bool:
    """Whether an address is plain http to a machine other than this one.

    >>> is_remote_http("http://10.0.0.7:8000/v1"), is_remote_http("http://127.0.0.1:8000/v1")
    (True, False)
    """
    parts = urlsplit(base_url or "")
    if parts.scheme.lower() != "http":
        return False
    host = (parts.hostname or "").rstrip(".")
    try:
        address = ipaddress.ip_address(host)
        return not (address.is_loopback or address.is_unspecified)  # 0.0.0.0: as vLLM prints its own address
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


class Redactor:
    """Takes keys out of texts that servers and SDKs wrote: some echo the request's headers."""

    def __init__(self, key: str) -> None:
        self._key = key if key != NO_KEY else ""

    def __call__(self, text: str) -> str:
        """An answer's `text` without the key, unless the key is too short to be a secret."""
        return text.replace(self._key, "[key]") if len(self._key) >= _SECRET else text

    def body(self, text: str) -> str:
        """A reply's body without the key, unless the key is so short that names in its JSON may hold it."""
        return self(text) if len(self._key) >= _LONG_KEY else text

    def reason(self, text: str) -> str:
        """`text` as one short line without credentials of any kind; of a short key, whole words only."""
        text = _CREDENTIAL.sub(r"\1[key]", self(text))
        if self._key:
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(self._key)}(?![A-Za-z0-9])", "[key]", text)
        line = " ".join(text.split())
        return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
