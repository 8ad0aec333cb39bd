"""An index that is filled under a name of its content, then put behind its alias in one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sunwi.errors import EngineError
from sunwi.params.search import SearchParams
from sunwi.records.files import canonical_json
from sunwi.runtime import text_hash
from sunwi.search.servers.bulk import BulkReport, Item, bulk_index
from sunwi.search.servers.server import Server, ask, part_of, reason_of, refused

SHOWN = 5  # failed documents named in an error
SWITCHES = 5  # tries to move an alias that another run moves too


def publish(
    server: Server,
    search: SearchParams,
    body: Mapping[str, Any],
    items: Sequence[Item],
    ready: Callable[[str], None] | None = None,
) -> tuple[str, BulkReport | None]:
    """Name of the complete index behind the alias `search.index`; no report where it stood there already.

    An index that a cut-off run left, or that another run fills now, is filled on: the same name means the
    same content, and a document that is there is not written twice. So two runs at once both end well.

    Parameters
    ----------
    ready
        Called with the name of the complete index before the alias moves.

    Raises
    ------
    EngineError
        If the server did not take every document; the alias then still points to the old index.
    """
    alias = search.index
    name = f"{alias}-{text_hash(canonical_json(body), *(canonical_json(item) for item in items))[:16]}"
    report = None
    if aliased(server, alias) != [name] or _count(server, name) != len(items):
        report = _fill(server, name, search, body, items)
    if ready is not None:
        ready(name)
    _switch(server, alias, name)
    return name, report


def _fill(
    server: Server, name: str, search: SearchParams, body: Mapping[str, Any], items: Sequence[Item]
) -> BulkReport:
    if server.send("HEAD", f"/{name}").status != 200:
        made = server.send("PUT", f"/{name}", body)
        if made.status >= 400 and "already_exists" not in reason_of(made.body):
            raise refused(server, f"PUT /{name}", made)
    report = bulk_index(server, name, items, search.bulk_documents, search.max_tries)
    ask(server, "POST", f"/{name}/_refresh")
    count = _count(server, name)
    if report.failed or count != len(items):
        server.send("DELETE", f"/{name}")
        what = _shortfall(report, count, len(items))
        raise EngineError(server.engine, what, "correct these documents, or the server")
    return report


def _switch(server: Server, alias: str, name: str) -> None:
    """Move the alias, then delete what it named before: never what another tool put behind it."""
    for tries in range(SWITCHES):
        old = aliased(server, alias)
        if old == [name]:
            return
        actions = [{"remove": {"index": index, "alias": alias}} for index in old if index != name]
        body = {"actions": [*actions, {"add": {"index": name, "alias": alias}}]}
        answer = server.send("POST", "/_aliases", body)
        if answer.status < 400:
            for index in old:
                if index != name and index.startswith(f"{alias}-"):
                    server.send("DELETE", f"/{index}")  # another run may have deleted it
            return
        if answer.status != 404 or tries == SWITCHES - 1:  # 404: another run moved it since it was read
            raise refused(server, "POST /_aliases", answer)


def _count(server: Server, name: str) -> int:
    return int(part_of(server, ask(server, "GET", f"/{name}/_count"), "count"))


def aliased(server: Server, alias: str) -> list[str]:
    """Indices behind an alias, sorted; none where it is not there.

    Raises
    ------
    EngineError
        If an index has the alias's name.
    """
    answer = server.send("GET", f"/_alias/{alias}")
    if answer.status == 404:
        if server.send("HEAD", f"/{alias}").status == 200:
            what = f"there is an index named {alias}, so no alias can have this name"
            raise EngineError(server.engine, what, "choose another search.index, or delete that index")
        return []
    return sorted(ask(server, "GET", f"/_alias/{alias}"))


def _shortfall(report: BulkReport, count: int, wanted: int) -> str:
    named = [f"{docid}: {reason}" for docid, reason in sorted(report.failed.items())[:SHOWN]]
    more = f" and {len(report.failed) - SHOWN} more" if len(report.failed) > SHOWN else ""
    listed = f" ({'; '.join(named)}{more})" if named else ""
    return (
        f"{count} of {wanted} documents are in the index, {len(report.failed)} failed{listed}; it was deleted"
    )
