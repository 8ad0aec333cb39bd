"""Keys and search engines that the environment names. Nothing of a key or of a URL's credentials is shown."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import Request, urlopen

from sunwi.cli.checks import Finding
from sunwi.llm.provider import PROVIDERS

HUB_KEY = ("HF_TOKEN",)
ENGINES = {
    "Elasticsearch": ("SUNWI_ELASTICSEARCH_URL", 9200),
    "OpenSearch": ("SUNWI_OPENSEARCH_URL", 9201),
}
TIMEOUT = 3.0  # seconds
LARGEST_ANSWER = 65536  # bytes


def check_keys(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Whether each key is set; its value, length and beginning stay unseen."""
    findings = []
    of_providers = [names for provider in PROVIDERS.all().values() for names in provider.KEYS]
    for names in (*of_providers, HUB_KEY):
        label = " or ".join(names)
        if any(environment.get(name, "").strip() for name in names):
            findings.append(Finding("keys", label, "ok", "set"))
        else:
            fix = f"export {names[0]}=..."
            findings.append(Finding("keys", label, "note", "not set; not needed offline", fix))
    return findings


def check_engines(environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT) -> list[Finding]:
    """Whether the engines that the environment names answer."""
    return [
        _engine(label, variable, environment.get(variable, "").strip(), port, timeout)
        for label, (variable, port) in ENGINES.items()
    ]


def _engine(label: str, variable: str, url: str, port: int, timeout: float) -> Finding:
    example = f"export {variable}=http://127.0.0.1:{port}"
    if not url:
        return Finding("engines", label, "note", "not set; search runs in this process", example)
    parts = _split(url)
    if parts is None:
        return Finding("engines", label, "note", f"{variable} is no http(s) URL", example)
    place = _place(parts)
    # Messages of these exceptions may quote the URL, so only their kind is told.
    try:
        answer = _get(parts, timeout)
    except HTTPError as error:
        if error.code in {401, 403}:
            fix = f"export {variable}={parts.scheme}://USER:PASSWORD@{place.partition('://')[2]}"
            return Finding("engines", label, "note", f"{place} refuses the credentials ({error.code})", fix)
        return Finding("engines", label, "note", f"{place} answers with {error.code}", example)
    except (OSError, HTTPException, ValueError) as error:
        found = f"{place} does not answer ({type(error).__name__})"
        return Finding("engines", label, "note", found, f"start the server, or: unset {variable}")
    return Finding("engines", label, "ok", f"{place} {_version(answer)}")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        fit = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:  # a port that is no number, or brackets that do not close
        return None
    return parts if fit else None


def _place(parts: SplitResult) -> str:
    """Scheme, host and port alone: user, password, path and query may hold secrets."""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def _get(parts: SplitResult, timeout: float) -> bytes:
    query = f"?{parts.query}" if parts.query else ""
    request = Request(f"{_place(parts)}{parts.path or '/'}{query}")  # noqa: S310  the scheme is http(s)
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        # Unredirected: a redirect must not carry the credentials to another host.
        request.add_unredirected_header("Authorization", "Basic " + b64encode(pair.encode()).decode("ascii"))
    with urlopen(request, timeout=timeout) as response:  # noqa: S310
        return bytes(response.read(LARGEST_ANSWER))


def _version(answer: bytes) -> str:
    try:
        told = json.loads(answer)["version"]
        text = f"{told.get('distribution', '')} {told['number']}".strip()
    except (ValueError, KeyError, TypeError, AttributeError):
        return "answers, but tells no version"
    return "".join(char for char in text[:60] if char.isprintable())
