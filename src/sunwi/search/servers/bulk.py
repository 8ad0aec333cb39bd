"""Bulk indexing: chunks shrink under back-pressure, refused items are retried, every item is counted.

The clients' `streaming_bulk` sends a refused item again but never a smaller request: a 413, or a busy server
that refuses the request as a whole, ends it.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sunwi.errors import EngineError
from sunwi.search.servers.server import Answer, Server, part_of, reason_of

BUSY = frozenset({429, 502, 503, 504})
TOO_LARGE = 413
CONFLICT = 409
FIRST_WAIT = 0.5  # seconds; doubled with every try

Item = tuple[str, Mapping[str, Any]]  # docid and source


@dataclass(slots=True)
class BulkReport:
    """How many items were indexed, sent again and there already, and why the failed ones failed."""

    indexed: int = 0
    retried: int = 0
    failed: dict[str, str] = field(default_factory=dict)  # docid -> reason
    present: int = 0  # were there already: an index that is named by its content is filled on


def bulk_index(
    server: Server,
    index: str,
    items: Sequence[Item],
    size: int,
    max_tries: int,
    sleep: Callable[[float], None] = time.sleep,
) -> BulkReport:
    """Send all items, `size` a request at first.

    A request that is too large, or that a busy server refuses, is halved; items that a busy server refused
    one by one are sent again after a growing wait, `max_tries` times in all. An item whose id is there is not
    written again: that would leave a deleted one, which the server counts in idf until it merges.

    Raises
    ------
    EngineError
        If the server refuses a whole request for another reason, or stays busy.
    """
    report = BulkReport()
    queue = deque((list(items[start : start + size]), 1) for start in range(0, len(items), size))
    while queue:
        chunk, tries = queue.popleft()
        answer = server.send("POST", f"/{index}/_bulk", _ndjson(chunk))
        if answer.status in BUSY or answer.status == TOO_LARGE:
            queue.extendleft(reversed(_smaller(server.engine, chunk, tries, max_tries, answer)))
            report.retried += len(chunk)
            if answer.status in BUSY:
                sleep(FIRST_WAIT * 2 ** (tries - 1))
            continue
        if answer.status >= 400:
            what = (
                f"bulk request to {index} was refused with status {answer.status}: {reason_of(answer.body)}"
            )
            raise EngineError(server.engine, what, "check the server's log")
        again = _account(server, chunk, answer, report, last=tries >= max_tries)
        if again:
            report.retried += len(again)
            sleep(FIRST_WAIT * 2 ** (tries - 1))
            queue.appendleft((again, tries + 1))
    return report


def _account(
    server: Server, chunk: list[Item], answer: Answer, report: BulkReport, *, last: bool
) -> list[Item]:
    """Count the items of an answer; return those to send again."""
    results = [part_of(server, entry, "create") for entry in part_of(server, answer.body, "items")]
    if [str(part_of(server, result, "_id")) for result in results] != [docid for docid, _ in chunk]:
        what = f"the answer to {len(chunk)} bulk items names {len(results)} others or in another order"
        raise EngineError(server.engine, what, "check for a proxy between here and the server")
    again = []
    for item, result in zip(chunk, results, strict=True):
        if result["status"] < 300:
            report.indexed += 1
        elif result["status"] == CONFLICT:
            report.present += 1
        elif result["status"] in BUSY and not last:
            again.append(item)
        else:
            report.failed[item[0]] = f"{result['status']} {reason_of(result)}"
    return again


def _smaller(
    engine: str, chunk: list[Item], tries: int, max_tries: int, answer: Answer
) -> list[tuple[list[Item], int]]:
    if len(chunk) == 1 and answer.status == TOO_LARGE:
        what = f"document {chunk[0][0]} alone is larger than the server takes"
        raise EngineError(engine, what, "raise http.max_content_length, or lower corpus.max_chars")
    if answer.status in BUSY and tries >= max_tries:
        what = f"the server stayed busy for {tries} tries (status {answer.status}): {reason_of(answer.body)}"
        raise EngineError(engine, what, "lower search.bulk_documents, raise search.max_tries, or add nodes")
    half = max(1, len(chunk) // 2)
    tries += answer.status in BUSY
    return [(part, tries) for part in (chunk[:half], chunk[half:]) if part]


def _ndjson(chunk: Sequence[Item]) -> bytes:
    lines = []
    for docid, source in chunk:
        lines.append(json.dumps({"create": {"_id": docid}}, ensure_ascii=False))
        lines.append(json.dumps(source, ensure_ascii=False, allow_nan=False))
    return ("\n".join(lines) + "\n").encode("utf-8")
