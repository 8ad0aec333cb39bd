"""Keys and search engines that the environment names. Nothing of a key or a login is shown."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPException
from ssl import create_default_context
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sunwi.cli.checks import Finding
from sunwi.errors import EngineError
from sunwi.llm.provider import PROVIDERS
from sunwi.search.servers.access import Access, EngineName, access_of

HUB_KEY = "HF_TOKEN"
ENGINES: dict[str, tuple[EngineName, int]] = {
    "Elasticsearch": ("elasticsearch", 9200),
    "OpenSearch": ("opensearch", 9201),
}
TIMEOUT = 3.0  # seconds
LARGEST_ANSWER = 65536  # bytes


def check_keys(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Whether each key is set; its value, length and beginning stay unseen."""
    of_providers = [name for provider in PROVIDERS.all().values() for name in provider.KEYS]
    return [
        Finding("keys", name, "ok", "set")
        if environment.get(name, "").strip()
        else Finding("keys", name, "note", "not set; not needed offline", f"export {name}=...")
        for name in (*of_providers, HUB_KEY)
    ]


def check_engines(environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> list[Finding]:
    """Whether the engines that the environment names answer."""
    return [_engine(label, engine, environment, port, timeout) for label, (engine, port) in ENGINES.items()]


def _engine(
    label: str, engine: EngineName, environment: Mapping[str, str], port: int, timeout: float
) -> Finding:
    prefix = f"SUNWI_{engine.upper()}_"
    if not environment.get(f"{prefix}URL", "").strip():
        fix = f"export {prefix}URL=http://127.0.0.1:{port}"
        return Finding("engines", label, "note", "not set; search runs in this process", fix)
    try:
        access = access_of(engine, environment)  # what a search would read
    except EngineError as error:
        return Finding("engines", label, "note", error.what, error.next_step)
    try:
        answer = _get(access, timeout)
    except HTTPError as error:
        if error.code in {401, 403}:
            fix = f"export {prefix}USER=... {prefix}PASSWORD=..., or {prefix}API_KEY=..."
            what = f"{access.url} refuses the credentials ({error.code})"
            return Finding("engines", label, "note", what, fix)
        fix = f"check {prefix}URL"
        return Finding("engines", label, "note", f"{access.url} answers with {error.code}", fix)
    except (
        OSError,
        HTTPException,
        ValueError,
    ) as error:  # its text may quote headers
        what = f"{access.url} does not answer ({type(error).__name__})"
        return Finding("engines", label, "note", what, f"start the server, or: unset {prefix}URL")
    return Finding("engines", label, "ok", f"{access.url} {_version(answer)}")


def _get(access: Access, timeout: float) -> bytes:
    request = Request(f"{access.url}/")  # noqa: S310  the scheme is http(s)
    scheme = f"ApiKey {access.api_key}" if access.api_key else ""
    if access.login:
        scheme = "Basic " + b64encode(":".join(access.login).encode()).decode("ascii")
    if scheme:  # unredirected: a redirect must not carry the credentials to another host
        request.add_unredirected_header("Authorization", scheme)
    context = create_default_context(cafile=access.ca_certs) if access.ca_certs else None
    with urlopen(request, timeout=timeout, context=context) as response:  # noqa: S310  the address of the user's own settings
        return bytes(response.read(LARGEST_ANSWER))


def _version(answer: bytes) -> str:
    try:
        version = json.loads(answer)["version"]
        text = f"{version.get('distribution', '')} {version['number']}".strip()
    except (ValueError, KeyError, TypeError, AttributeError):
        return "answers, but states no version"
    return "".join(char for char in text[:60] if char.isprintable())
