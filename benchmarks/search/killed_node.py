"""A node is killed in the middle of a bulk and of searches: is every answer whole, or an error told?

    python -m benchmarks.search.killed_node opensearch [--case alone] [--passages 20000]

First a node that is alone and started again, then a data node of a cluster (one manager, two data nodes).
The nodes are its own (`sunwi node`), and end with this process. Meanwhile searches ask the alias.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread

import numpy as np

from benchmarks.search.server_load import PLAIN, synthetic
from sunwi.errors import EngineError
from sunwi.nodes.process import Running, end, start
from sunwi.params.search import SearchParams
from sunwi.runtime import text_hash
from sunwi.search.passages import Passages
from sunwi.search.servers.access import EngineName
from sunwi.search.servers.connect import connect
from sunwi.search.servers.index import Dialect, build_index
from sunwi.search.servers.msearch import search_many
from sunwi.search.servers.retrievers import lexical_query
from sunwi.search.servers.server import Server, ask

Corpus = tuple[Passages, np.ndarray]  # with vectors [passages, dimensions]
ALIAS = "sunwi-killed"
TRIES = 3
GREEN = "wait_for_status=green&timeout=60s"  # as parameters the client takes the time for its own


@dataclass
class Watch:
    """Searches of the alias until it is left; counts of answers: documents, a hash of the first scores."""

    server: Server
    seen: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    stop: Event = field(default_factory=Event)

    def __enter__(self) -> Watch:
        """Start."""
        self._thread = Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop and print."""
        self.stop.set()
        self._thread.join()
        for answer, count in self.seen.most_common():
            print(f"  searches {count}: {answer}")
        print(f"  slowest search {self.slowest:.1f} s", flush=True)

    def _run(self) -> None:
        word = lexical_query(["w1", "w2"], 1.0) or {}
        whole = {"allow_partial_search_results": "false"}
        while not self.stop.is_set():
            begin = time.perf_counter()
            try:
                body = {"size": 0, "track_total_hits": True}
                total = ask(self.server, "POST", f"/{ALIAS}/_search", body, whole)["hits"]["total"]["value"]
                (answer,) = search_many(self.server, ALIAS, [{**word, "size": 100}], 1)
                scores = [f"{hit['_score']:.3f}" for hit in answer["hits"]["hits"]]  # ids of a tie may move
                self.seen[f"{total} documents, first {len(scores)} {text_hash(*scores)[:6]}"] += 1
            except EngineError as error:
                self.seen[f"told: {error}"] += 1
            self.slowest = max(self.slowest, time.perf_counter() - begin)
            self.stop.wait(0.05)


def started(engine: EngineName, name: str, stdin: int, nodes: int = 1) -> Running:
    """The newest version of an engine, with small heaps."""
    options = ["-XX:TieredStopAtLevel=1"]  # they live for a minute
    return start(engine, None, print, name=name, heap="512m", nodes=nodes, stdin=stdin, java_options=options)


def connected(node: Running) -> tuple[Server, Dialect]:
    """A client of its first node, which is the manager."""
    return connect(node.engine, 120.0, {f"SUNWI_{node.engine.upper()}_URL": node.urls[0]})


def build(server: Server, dialect: Dialect, corpus: Corpus, engine: EngineName) -> str:
    """What `sunwi index` would say."""
    search = SearchParams(engine=engine, index=ALIAS, analyzer="terms", bulk_documents=200)
    begin = time.perf_counter()
    try:
        report = build_index(server, dialect, corpus[0], search, PLAIN, corpus[1]).report
    except EngineError as error:
        return f"told after {time.perf_counter() - begin:.0f} s: {error}"
    counts = f"{report.indexed} sent, {report.present} were there, {report.retried} again" if report else ""
    return f"complete in {time.perf_counter() - begin:.0f} s ({counts})"


def kill_during_bulk(server: Server, wanted: int, victim: Callable[[str], int]) -> Thread:
    """Once the index that no alias names yet has some documents, the victim's process is killed."""

    def watch() -> None:
        for _ in range(6000):
            time.sleep(0.1)
            for name, about in ask(server, "GET", f"/{ALIAS}-*/_alias").items():
                if about["aliases"]:
                    continue
                ask(server, "POST", f"/{name}/_refresh")
                count = ask(server, "GET", f"/{name}/_count")["count"]
                if count >= wanted:
                    pid = victim(name)
                    os.kill(pid, signal.SIGKILL)
                    print(f"  killed process {pid} at {count} documents", flush=True)
                    return

    thread = Thread(target=watch)
    thread.start()
    return thread


def visible(server: Server) -> str:
    """Documents by the alias, and the cluster's health."""
    count = ask(server, "GET", f"/{ALIAS}/_count")["count"]
    health = ask(server, "GET", "/_cluster/health")
    return f"{count} documents by the alias, {health['status']}, {health['number_of_nodes']} nodes"


def data_node(engine: EngineName, old: Corpus, new: Corpus, stdin: int) -> None:
    """The data node that holds the new index's primary shard is killed."""
    print("one manager, two data nodes:")
    node = started(engine, f"killed-{os.getpid()}", stdin, nodes=3)
    try:
        server, dialect = connected(node)
        only = {"persistent": {"cluster.routing.allocation.exclude._name": "sunwi-1"}}
        ask(server, "PUT", "/_cluster/settings", only)
        print("  first index:", build(server, dialect, old, engine))
        ask(server, "GET", f"/_cluster/health?{GREEN}")

        def holder(name: str) -> int:
            ask(server, "GET", f"/_cluster/health/{name}?{GREEN}")  # both copies are there
            rows = ask(server, "GET", f"/_cat/shards/{name}", None, {"format": "json"})
            place = next(row["node"] for row in rows if row["prirep"] == "p")
            print(f"  the primary is on {place}")
            return node.pids[int(place.rpartition("-")[2]) - 1]

        with Watch(server):
            killer = kill_during_bulk(server, len(new[0]) // 3, holder)
            for _ in range(TRIES):
                told = build(server, dialect, new, engine)
                print("  second index:", told, flush=True)
                if told.startswith("complete"):
                    break
            killer.join()
            time.sleep(2)
        print(" ", visible(server), flush=True)
    finally:
        end(node, delete=True)


def single_node(engine: EngineName, old: Corpus, new: Corpus, stdin: int) -> None:
    """A node alone is killed, and started again with its data."""
    print("a node alone:")
    name = f"killed-alone-{os.getpid()}"
    node = started(engine, name, stdin)
    try:
        server, dialect = connected(node)
        print("  first index:", build(server, dialect, old, engine))
        with Watch(server):
            killer = kill_during_bulk(server, len(new[0]) // 3, lambda _: node.pids[0])
            print("  second index:", build(server, dialect, new, engine), flush=True)
            killer.join()
        node = started(engine, name, stdin)
        server, dialect = connected(node)
        print("  started again:", visible(server), flush=True)
        with Watch(server):
            print("  second index:", build(server, dialect, new, engine), flush=True)
            time.sleep(1)
        print(" ", visible(server), flush=True)
    finally:
        end(node, delete=True)


def main() -> None:
    """Print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["opensearch", "elasticsearch"])
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--case", choices=["alone", "cluster"], action="append")
    args = parser.parse_args()
    documents, vectors = synthetic(args.passages)
    half = args.passages // 2
    old = Passages.of(documents[:half]), vectors[:half]
    new = Passages.of(documents), vectors
    stdin, held = os.pipe()
    cases = {"alone": single_node, "cluster": data_node}
    for case in args.case or cases:
        cases[case](args.engine, old, new, stdin)
    os.close(held)


if __name__ == "__main__":
    main()
