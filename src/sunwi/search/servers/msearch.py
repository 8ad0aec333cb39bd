"""Many searches at once: `_msearch` requests of several searches each, a few of them at the same time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sunwi.errors import EngineError
from sunwi.progress import progress
from sunwi.search.servers.bulk import BUSY, FIRST_WAIT, TOO_LARGE
from sunwi.search.servers.server import Server, part_of, reason_of, refused

CLIENTS = 4  # requests at the same time
HITS = 20_000  # of the searches of one request: 2 MB of its answer
MOST = 64  # searches of one request
# idf over all shards; an answer without one of the shards is an error, not a shorter list
HEADER = json.dumps({"search_type": "dfs_query_then_fetch", "allow_partial_search_results": False})
KEPT = ",".join(
    f"responses.{name}" for name in ("status", "error", "hits.hits._id", "hits.hits._score", "aggregations")
)

Search = Mapping[str, Any]


def search_many(
    server: Server,
    index: str,
    searches: Sequence[Search],
    max_tries: int,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Any]:
    """The answer of each search, in their order.

    Searches that a busy server refused are sent again after a growing wait, `max_tries` times in all; a
    request that is too large is halved.

    Raises
    ------
    EngineError
        If a search is refused for another reason, the server stays busy, or it does not answer.
    """
    largest = max((int(search.get("size", 10)) for search in searches), default=1)
    size = max(1, min(MOST, HITS // max(1, largest), -(-len(searches) // CLIENTS)))
    parts = [searches[start : start + size] for start in range(0, len(searches), size)]

    def answers(part: Sequence[Search]) -> list[Any]:
        return _answers(server, index, part, max_tries, sleep)

    if len(parts) < 2:
        yield from (answer for part in parts for answer in answers(part))
        return
    with ThreadPoolExecutor(CLIENTS) as pool:
        found: Iterable[list[Any]] = pool.map(answers, parts)
        if len(searches) > MOST:  # a bar for the few searches of one query would only flicker
            found = progress(found, len(searches), f"search on {server.engine}", "search", size=len)
        for of_part in found:
            yield from of_part


def _answers(
    server: Server, index: str, part: Sequence[Search], max_tries: int, sleep: Callable[[float], None]
) -> list[Any]:
    done: dict[int, Any] = {}
    for tries in range(1, max_tries + 1):
        rows = [row for row in range(len(part)) if row not in done]
        lines = [line for row in rows for line in (HEADER, json.dumps(part[row], ensure_ascii=False))]
        body = ("\n".join(lines) + "\n").encode("utf-8")
        answer = server.send("POST", f"/{index}/_msearch", body, {"filter_path": KEPT})
        if answer.status == TOO_LARGE and len(rows) > 1:
            half = len(part) // 2
            return [
                each for some in (part[:half], part[half:])
                for each in _answers(server, index, some, max_tries, sleep)
            ]  # fmt: skip
        busy: Any = answer
        if answer.status not in BUSY:
            if answer.status >= 400:
                raise refused(server, f"POST /{index}/_msearch", answer)
            found = part_of(server, answer.body, "responses")
            if len(found) != len(rows):
                what = f"{len(rows)} searches were sent, {len(found)} answers came back"
                raise EngineError(server.engine, what, "check for a proxy between here and the server")
            failed = [each for each in found if part_of(server, each, "status") >= 400]
            for each in failed:
                if each["status"] not in BUSY:
                    what = f"a search in {index} was refused with status {each['status']}: {reason_of(each)}"
                    raise EngineError(
                        server.engine, what, "check the server's log and docs/search_servers.md"
                    )
            done |= {row: each for row, each in zip(rows, found, strict=True) if each["status"] not in BUSY}
            if not failed:
                return [done[row] for row in range(len(part))]
            busy = failed[0]
        if tries < max_tries:
            sleep(FIRST_WAIT * 2 ** (tries - 1))
    reason = reason_of(busy if isinstance(busy, dict) else busy.body)
    what = f"the server stayed busy for {max_tries} tries: {reason}"
    raise EngineError(server.engine, what, "raise search.max_tries, lower search.depth, or add nodes")
