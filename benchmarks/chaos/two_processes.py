"""Two processes share the row cache and the recorded answers: `python -m benchmarks.chaos.two_processes`.

In each round both fill the same rows and ask a server on this machine, which answers after drawn delays and
with another usage each time. Both must end with the same rows and the same bytes for metrics/llm.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.llm_server import FakeServer, Reply

from sunwi.cache import RowCache
from sunwi.llm.client import LlmClient
from sunwi.llm.request import LlmRequest, Message
from sunwi.params.llm import LlmParams

QUESTIONS, ROWS = 8, 40
LONGEST_DELAY = 0.03  # seconds
LONGEST_ROUND = 120.0  # seconds: a round that takes longer ends the program


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    os.environ["NO_PROXY"] = "127.0.0.1"
    with tempfile.TemporaryDirectory(prefix="sunwi_two_") as folder:
        failures = share(Path(folder), args.rounds, random.Random(args.seed))
    sys.exit(1 if failures else 0)


def share(folder: Path, rounds: int, drawn: random.Random) -> int:
    """Print a summary; return the number of rounds after which the two differed."""
    server = FakeServer()

    def reply(body: dict[str, Any]) -> Reply:
        answer = server.chat(f"re: {server.asked(body)}", tokens=(drawn.randint(1, 99), drawn.randint(1, 99)))
        answer.delay = drawn.uniform(0.0, LONGEST_DELAY)
        return answer

    server.default = reply
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(2)]
    processes = [
        context.Process(target=work, args=(there, server.address, str(folder)), daemon=True)
        for _, there in pipes
    ]
    for process in processes:
        process.start()
    failures = 0
    for number in range(rounds):
        for here, _ in pipes:
            here.send((number, drawn.random()))
        results = []
        for here, _ in pipes:
            if not here.poll(LONGEST_ROUND):
                raise TimeoutError(f"round {number} did not end in {LONGEST_ROUND:g} s")
            results.append(here.recv())
        if results[0] != results[1]:
            failures += 1
            print(f"round {number}: {results[0]!r:.500} and {results[1]!r:.500}")
    for here, _ in pipes:
        here.send(None)
    for process in processes:
        process.join(LONGEST_ROUND)
    server.close()
    wanted = rounds * QUESTIONS
    print(f"{rounds} rounds, {server.calls} calls for {wanted} different rows, {failures} rounds that differ")
    return failures


def work(pipe: Connection, address: str, folder: str) -> None:
    """One process: fill and ask in the round's own folder, send back what came."""
    settings = LlmParams(provider="openai", base_url=f"{address}/v1", api_key_env="", model="m")
    while (message := pipe.recv()) is not None:
        number, seed = message
        shared = Path(folder) / str(number)
        drawn = random.Random(f"{seed} {os.getpid()}")
        time.sleep(drawn.uniform(0.0, LONGEST_DELAY))
        rows = fill(shared, drawn)
        client = LlmClient(settings, shared)
        requests = [
            LlmRequest("questions", f"d{row}", (Message("user", f"글 {number} {row}"),))
            for row in range(QUESTIONS)
        ]
        texts = [outcome.value for outcome in client.complete(requests, str)]
        metrics = json.dumps(client.ledger.answers(), sort_keys=True)  # as stages/generate_qa.py writes them
        pipe.send((rows, texts, metrics))


def fill(shared: Path, drawn: random.Random) -> list[bytes]:
    """The values of all rows; what is missing is computed in parts, slowly."""
    keys = [f"{row:064x}" for row in range(ROWS)]

    def compute(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
        for part in parts:
            time.sleep(drawn.uniform(0.0, LONGEST_DELAY))
            yield [f"value {row}".encode() for row in part]

    with RowCache("rows", shared) as cache:
        return cache.fill(keys, compute, chunk=10)


if __name__ == "__main__":
    main()
