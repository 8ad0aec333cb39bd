"""One request to a server: the official client's transport, its failures as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sunwi.errors import EngineError

T = TypeVar("T")


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
        what = f"{method} {path} was refused with status {answer.status}: {reason_of(answer.body)}"
        raise EngineError(server.engine, what, _next_step(answer))
    return answer.body


def field_of(engine: str, body: Any, name: str, kind: type[T]) -> T:
    """One field of an answer's JSON object.

    Raises
    ------
    EngineError
        If the answer has no such field of that type: a proxy or another product answered.
    """
    value = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(value, kind):
        what = f"expected an answer with the field {name!r}, found {str(body)[:200]!r}"
        raise EngineError(engine, what, "check that the address is that of the search server, not of a proxy")
    return value


def reason_of(body: Any) -> str:
    """The cause that an error answer names, the innermost first."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        causes = error.get("root_cause") or [error]
        return "; ".join(f"{cause.get('type', 'error')}: {cause.get('reason', '')}" for cause in causes)
    return str(error)[:500]


def check_login(engine: str, status: int, body: Any) -> None:
    """Raise if a status says that the login is wrong or not enough."""
    if status in {401, 403}:
        prefix = f"SUNWI_{engine.upper()}_"
        what = f"the server refused the login with status {status}: {reason_of(body)}"
        raise EngineError(engine, what, f"check {prefix}API_KEY, or {prefix}USER and {prefix}PASSWORD")


def unreachable(engine: str, url: str, error: Exception) -> EngineError:
    """The error of a server that does not answer."""
    what = f"no answer from {url} ({type(error).__name__})"
    next_step = "start the server (docker compose up), check the address and, for https, the _CA_CERTS"
    return EngineError(engine, what, next_step)


def _next_step(answer: Answer) -> str:
    reason = reason_of(answer.body)
    if "nori" in reason:
        return "install the plugin analysis-nori, or set search.analyzer: terms"
    if "mapper" in reason or "mapping" in reason or "knn" in reason:
        return "run `sunwi index` to build the index anew, or check that the server's version is supported"
    return "check the server's log and docs/search_servers.md"
