"""Where a server is and how to log in: from the environment alone."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sunwi.errors import EngineError

EngineName = Literal["elasticsearch", "opensearch"]


@dataclass(frozen=True, slots=True)
class Access:
    """Address and login of a server; a repr never shows secrets."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)
    ca_certs: str | None = None

    def redacted(self, value: Any) -> Any:
        """An error's JSON value without this login: some servers and proxies echo the request's headers."""
        if isinstance(value, dict):
            return {name: self.redacted(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.redacted(part) for part in value]
        return value if not isinstance(value, str) else self._without_login(value)

    def _without_login(self, text: str) -> str:
        login = ":".join(self.login) if self.login else None
        encoded = base64.b64encode(login.encode("utf-8")).decode("ascii") if login else None
        for secret in filter(None, (login, encoded, self.api_key, self.login and self.login[1])):
            text = text.replace(secret, "[login]")
        return text


def access_of(engine: EngineName, environment: Mapping[str, str] | None = None) -> Access:
    """Read SUNWI_ELASTICSEARCH_URL (or SUNWI_OPENSEARCH_URL), _API_KEY, or _USER, _PASSWORD, and _CA_CERTS.

    Raises
    ------
    EngineError
        If there is no address, it is none, the file of certificates is absent, or the login is half given
        or would go in the clear to another machine.
    """
    values = os.environ if environment is None else environment
    prefix = f"SUNWI_{engine.upper()}_"
    url = values.get(f"{prefix}URL", "").rstrip("/")
    if not url:
        what = f"{prefix}URL is not set"
        raise EngineError(engine, what, f"export {prefix}URL=https://HOST:9200 (docs/search_servers.md)")
    match = re.fullmatch(r"(https?)://([^/@\s:]+|\[[0-9a-fA-F:]+\])(:\d+)?", url)
    if match is None:  # the value is not shown: it may hold a password
        what = f"{prefix}URL is no plain address"
        raise EngineError(
            engine, what, f"give http(s)://HOST[:PORT], and the login in {prefix}USER and _PASSWORD"
        )
    user, password = values.get(f"{prefix}USER"), values.get(f"{prefix}PASSWORD")
    if bool(user) != bool(password):
        raise EngineError(
            engine, f"one of {prefix}USER and {prefix}PASSWORD is set without the other", "set both or none"
        )
    api_key = values.get(f"{prefix}API_KEY") or None
    local = match[2] in {"localhost", "127.0.0.1", "[::1]"}
    if match[1] == "http" and not local and (api_key or user):
        raise EngineError(
            engine, f"{prefix}URL is http: the password would be sent unencrypted", "use https://"
        )
    login = (user, password) if user and password else None
    trusted = values.get(f"{prefix}CA_CERTS") or None
    if trusted and not Path(trusted).is_file():
        raise EngineError(
            engine, f"{prefix}CA_CERTS: there is no file {trusted}", "name a file in PEM format"
        )
    return Access(url, api_key, login, trusted)
