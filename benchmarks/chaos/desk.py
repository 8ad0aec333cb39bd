"""SIGKILL of the judging desk between answers and within a write: `python -m benchmarks.chaos.desk`.

Three judges answer at once over HTTP, each as the page does: read what is left, press a grade, wait for the
answer. The server is killed from outside at drawn moments, or kills itself after a drawn part of a line's
bytes is in the file. Then it starts again and the judges go on. Every line that was answered must be in its
judge's file, in order, and no pair may be missing or judged twice at the end. No model is loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from tests.small_project import write_project

from sunwi.judging.places import JUDGEMENTS, POOL
from sunwi.judging.pools import PooledDocument, PooledQuery
from sunwi.judging.records import read_lines
from sunwi.records.corpus import Document
from sunwi.records.files import write_rows

DOCUMENTS = [f"d{at}" for at in range(8)]
JUDGES = ("ahn", "bae", "cho")
VARIANTS = "baselines: {bm25: {retrievers: [bm25], fusion: weighted}}\nscore: {baseline: bm25}\n"
TORN_AT, TORN_BYTES = (
    "TORN_AT",
    "TORN_BYTES",
)  # the write in which the server kills itself, and after how much


def serve(folder: Path) -> None:
    """The server's process: the desk's own routes and its own way of writing."""
    import uvicorn

    from sunwi.serve.access import Access
    from sunwi.serve.app import make_app
    from sunwi.serve.engine import Engine
    from sunwi.workspace.base import Workspace

    if TORN_AT in os.environ:
        tear_a_write(int(os.environ[TORN_AT]), int(os.environ[TORN_BYTES]))
    server = uvicorn.Server(
        uvicorn.Config(make_app(Engine(Workspace(folder)), Access("127.0.0.1", None)), port=0)
    )
    threading.Thread(target=print_port, args=(server,), daemon=True).start()
    server.run()


def print_port(server: Any) -> None:
    while not server.started:
        time.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)


def tear_a_write(at: int, size: int) -> None:
    """Let the write number `at` of a judge's file put `size` bytes there, and kill this process."""
    count, own = 0, Path.open

    class Torn:
        def __init__(self, out: Any) -> None:
            self.out = out

        def __enter__(self) -> Torn:
            return self

        def __exit__(self, *_: object) -> None:
            self.out.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.out, name)

        def write(self, data: bytes) -> int:
            nonlocal count
            count += 1
            if count < at:
                return int(self.out.write(data))
            self.out.write(data[: min(size, len(data) - 1)])
            self.out.flush()
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError("killed")

    def opened(self: Path, mode: str = "r", **options: Any) -> Any:
        out = own(self, mode, **options)
        return Torn(out) if mode == "a+b" else out

    Path.open = opened  # type: ignore[method-assign,assignment]  # this process is to break


class Round:
    """One life of the server, and the judges who work with it until it is killed."""

    def __init__(
        self, folder: Path, answered: dict[str, list[tuple[str, str, int]]], torn: tuple[int, int] | None
    ):
        self.answered = answered
        tearing = {TORN_AT: str(torn[0]), TORN_BYTES: str(torn[1])} if torn else {}
        command = [sys.executable, "-m", "benchmarks.chaos.desk", "--serve", str(folder)]
        self.process = subprocess.Popen(
            command, env=os.environ | tearing, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        self.finished = 0
        self.threads = [threading.Thread(target=self.judge, args=(name,)) for name in JUDGES]
        for thread in self.threads:
            thread.start()

    def judge(self, name: str) -> None:
        try:
            with httpx.Client(base_url=self.url, trust_env=False, timeout=120) as client:
                state = client.get("/desk/state", params={"judge": name}).raise_for_status().json()
                for place, qid, docid in open_pairs(state):
                    grade = len(self.answered[name]) % 4
                    body = {"judge": name, "place": place, "docid": docid, "kind": "grade", "grade": grade}
                    client.post("/desk/judgements", json=body).raise_for_status()
                    self.answered[name].append((qid, docid, grade))
            self.finished += 1
        except httpx.TransportError:
            return

    def wait_for(self, answers: int) -> None:
        until = time.monotonic() + 120
        while sum(map(len, self.answered.values())) < answers and time.monotonic() < until:
            time.sleep(0.002)

    def end(self) -> None:
        for thread in self.threads:
            thread.join(600)
        self.process.kill()
        self.process.wait(60)


def open_pairs(state: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
    for query in state["queries"]:
        for document in query["documents"]:
            if document["judged"] is None:
                yield query["place"], query["qid"], document["docid"]


def lines_in(folder: Path, name: str) -> tuple[list[tuple[str, str, int]], int]:
    """The whole lines of a judge's file as pairs with grades, and the bytes of a torn one."""
    path = folder / JUDGEMENTS / f"{name}.jsonl"
    *whole, rest = path.read_bytes().split(b"\n") if path.exists() else [b""]
    rows = [json.loads(line) for line in whole]
    return [(row["qid"], row["docid"], row["grade"]) for row in rows], len(rest)


def kill_often(folder: Path, kills: int, queries: int, drawn: random.Random) -> int:
    """Print a line a kill and a sum; the number of faults."""
    corpus = [Document(docid=docid, content=f"문단 {docid}") for docid in DOCUMENTS]
    write_project(folder, corpus, VARIANTS)
    documents = [PooledDocument(docid=docid, passage=docid) for docid in DOCUMENTS]
    shared = {"split": "dev", "random": False, "doubled": True, "documents": documents}
    pool = [{**shared, "place": at, "qid": str(at), "query": f"질의 {at}"} for at in range(queries)]
    write_rows(folder / POOL, [PooledQuery.model_validate(query) for query in pool])
    answered: dict[str, list[tuple[str, str, int]]] = {name: [] for name in JUDGES}
    faults = torn_seen = in_flight = 0
    for number in range(kills):
        torn = (drawn.randint(1, 40), drawn.randint(0, 400)) if number % 2 else None
        life = Round(folder, answered, torn)
        if torn is None:
            life.wait_for(sum(map(len, answered.values())) + drawn.randint(1, 40))
            time.sleep(drawn.uniform(0, 0.05))
            life.process.send_signal(signal.SIGKILL)
        life.end()
        read_lines(folder / JUDGEMENTS)  # raises at a line that is not whole JSON of a judgement
        for name in JUDGES:
            lines, rest = lines_in(folder, name)
            torn_seen += rest > 0 and torn is not None  # it stays until that judge writes again
            extra = len(lines) - len(answered[name])
            if lines[: len(answered[name])] != answered[name] or extra not in {0, 1}:
                faults += 1
                print(f"kill {number}: {name}: {len(answered[name])} answered, {len(lines)} lines")
            in_flight += extra
            answered[name] = lines  # what the judge sees after the reload
        total = sum(map(len, answered.values()))
        print(f"kill {number + 1} {'within a write' if torn else 'from outside'}: {total} lines", flush=True)
        if life.finished == len(JUDGES):
            break
    last = Round(folder, answered, None)
    last.end()
    for name in JUDGES:
        lines, _ = lines_in(folder, name)
        pairs = [line[:2] for line in lines]
        if len(set(pairs)) != len(pairs):
            faults += 1
            print(f"{name}: {len(pairs) - len(set(pairs))} pairs are judged twice")
    judged = {line[:2] for name in JUDGES for line in lines_in(folder, name)[0]}
    if len(judged) != queries * len(DOCUMENTS):
        faults += 1
        print(f"{queries * len(DOCUMENTS) - len(judged)} pairs are judged by nobody")
    print(
        f"{number + 1} kills; {sum(len(lines_in(folder, name)[0]) for name in JUDGES)} lines; "
        f"{torn_seen} torn lines cut off; "
        f"{in_flight} lines on the disk whose answer the kill took; {faults} faults"
    )
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--serve", type=Path, help="the server's own process")
    args = parser.parse_args()
    if args.serve:
        serve(args.serve)
        return
    with tempfile.TemporaryDirectory(prefix="sunwi_desk_") as folder:
        faults = kill_often(Path(folder) / "project", args.kills, args.queries, random.Random(args.seed))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
