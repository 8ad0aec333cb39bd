"""One request to a server: the official client's transport, its failures as sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sunwi.errors import EngineError
from sunwi.records.files import shorten_value
from sunwi.search.servers.access import Access

LONGEST_REASON = 300  # characters of a server's own words in an error
TLS_FAULTS = {  # OpenSSL's words, the special ones first -> what is wrong, what to do
    "certificate has expired": ("its certificate has expired", "renew the server's certificate"),
    "Hostname mismatch": ("its certificate is for another host name", "use the name in it in PREFIX_URL"),
    "IP address mismatch": ("its certificate is for another address", "use the name in it in PREFIX_URL"),
    "doesn't match": ("its certificate is for another host name", "use the name in it in PREFIX_URL"),
    "certificate verify failed": (
        "its certificate is signed by none that is trusted here",
        "name the authority's file in PREFIX_CA_CERTS",
    ),
}
_CREDENTIAL = re.compile(r"(?i)\b((?:basic|bearer|apikey)\s+)[\w+/=.~-]{8,}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer: HTTP status and JSON body."""

    status: int
    body: Any


class Server(Protocol):
    """What index building and search need of a client."""

    engine: str

    def send(
        self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        """One request; `body` is a JSON value, or NDJSON as bytes. Any status is an answer.

        Raises
        ------
        EngineError
            If the server cannot be reached or refuses the login.
        """
        ...


def ask(
    server: Server, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
) -> Any:
    """One request that must succeed: the body of its answer.

    Raises
    ------
    EngineError
        With the server's reason.
    """
    answer = server.send(method, path, body, params)
    if answer.status >= 400:
        raise refused(server, f"{method} {path}", answer)
    return answer.body


def refused(server: Server, request: str, answer: Answer) -> EngineError:
    """The error of a request that the server refused as a whole."""
    what = f"{request} was refused with status {_status(answer)}"
    return EngineError(server.engine, what, _next_step(answer))


def answered(access: Access, status: int, body: Any) -> Answer:
    """An answer whose errors do not show the login: those of a whole request, and those of a bulk's items."""
    if status >= 400:
        return Answer(status, access.redacted(body))
    if isinstance(body, dict) and body.get("errors") and isinstance(body.get("items"), list):
        body = {**body, "items": [_item_redacted(access, item) for item in body["items"]]}
    return Answer(status, body)


def _item_redacted(access: Access, item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    if "error" in item:
        return {**item, "error": access.redacted(item["error"])}
    return {name: _item_redacted(access, part) for name, part in item.items()}


def part_of(server: Server, answer: Any, *names: str) -> Any:
    """The value under these names in an answer.

    Raises
    ------
    EngineError
        If there is none: a proxy's page, or another server.
    """
    value = answer
    for name in names:
        if not isinstance(value, dict) or name not in value:
            what = f"expected an answer with {'.'.join(names)}, found {_shown(answer)}"
            next_step = "check the address: is a proxy or another server there?"
            raise EngineError(server.engine, what, next_step)
        value = value[name]
    return value


def reason_of(body: Any) -> str:
    """The cause that an error answer names, the innermost first: one short line without credentials."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        causes = error.get("root_cause") or [error]
        causes = [cause for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []
        stated = [cause for cause in causes if "type" in cause or "reason" in cause]
        text = "; ".join(f"{cause.get('type', 'error')}: {cause.get('reason', '')}" for cause in stated)
    else:
        text = "" if error is None else str(error)
    line = " ".join(_CREDENTIAL.sub(r"\1[login]", text).split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 3] + "..."


def check_login(engine: str, answer: Answer) -> None:
    """Raise if a status says that the login is wrong or not enough."""
    if answer.status in {401, 403}:
        prefix = f"SUNWI_{engine.upper()}_"
        names = f"{prefix}USER and {prefix}PASSWORD"
        if engine == "elasticsearch":
            names = f"{prefix}API_KEY, or {names}"
        if answer.status == 403:
            what = f"the login may not do this, status {_status(answer)}"
            raise EngineError(engine, what, f"give this user the right, or another login in {names}")
        what = f"the server refused the login with status {_status(answer)}"
        raise EngineError(engine, what, f"check {names}")


def unreachable(engine: str, url: str, error: Exception) -> EngineError:
    """The error of a server that does not answer."""
    prefix = f"SUNWI_{engine.upper()}_"
    for words, (problem, next_step) in TLS_FAULTS.items():
        if words in _all_words(error):
            return EngineError(engine, f"{url}: {problem}", next_step.replace("PREFIX_", prefix))
    if "Timeout" in type(error).__name__:  # of both clients: no answer in time, or no connection in time
        what = f"no answer from {url} within search.timeout"
        next_step = "raise search.timeout, or give the server more processors; check the address; run again"
        return EngineError(engine, what, next_step)
    what = f"no answer from {url} ({type(error).__name__})"
    next_step = "start the server (sunwi node start, docker compose up), check the address and http or https"
    return EngineError(engine, what, next_step)


def _all_words(error: BaseException, depth: int = 4) -> str:
    """An error's words with those of its causes: a client wraps OpenSSL's error several times."""
    inner = [*getattr(error, "errors", ()), error.__cause__, error.__context__] if depth else []
    return " ".join([str(error), *(_all_words(each, depth - 1) for each in inner if each is not None)])


def no_json(engine: str, url: str) -> EngineError:
    """The error of an address where something answers that is no search server."""
    what = f"{url} answered, but not in JSON"
    return EngineError(engine, what, "check the address: is a proxy or another server there?")


def _status(answer: Answer) -> str:
    reason = reason_of(answer.body)
    return f"{answer.status}: {reason}" if reason else str(answer.status)


def _shown(answer: Any) -> str:
    return (
        repr(reason_of(answer)) if isinstance(answer, dict) and "error" in answer else shorten_value(answer)
    )


def _next_step(answer: Answer) -> str:
    reason = reason_of(answer.body)
    if "nori" in reason:
        return "install the plugin analysis-nori, or set search.analyzer: terms"
    if "mapper" in reason or "mapping" in reason or "knn" in reason:
        return "run `sunwi index` to build the index anew, or check that the server's version is supported"
    return "check the server's log and docs/search_servers.md"
