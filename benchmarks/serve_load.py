"""Load of a running `sunwi serve`: p50, p99 and throughput at 1, 8 and 32 clients, its CPU time and memory.

    python -m benchmarks.serve_load URL PID VARIANT [VARIANT ...]

Every query is a new text (a number is added), so that no cache of vectors or scores answers. One query
before the table loads what the variant reads. CPU time a request is what does not depend on other work.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np

CLIENTS = (1, 8, 32)
QUERIES = (
    "광합성은 어디에서 일어나나",
    "지진은 왜 생기나",
    "산소를 나르는 것은 무엇인가",
    "전류의 세기를 바꾸려면",
)
SECONDS = 5.0  # of one cell at most
REQUESTS = 200  # of one cell at most


def cell(
    url: str, variant: str, clients: int, run: int, requests: int = REQUESTS
) -> tuple[float, float, float, int]:
    """p50 and p99 in ms, requests a second, and how many requests were sent."""
    until = time.perf_counter() + SECONDS
    start = time.perf_counter()

    def one_client(number: int) -> list[float]:
        times = []
        with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
            for at in range(requests // clients):
                if time.perf_counter() > until:
                    break
                text = f"{QUERIES[at % len(QUERIES)]} {run}-{clients}-{number}-{at}"
                begin = time.perf_counter()
                client.post("/v1/search", json={"query": text, "variant": variant}).raise_for_status()
                times.append(1000 * (time.perf_counter() - begin))
        return times

    with ThreadPoolExecutor(clients) as pool:
        times = [value for of_client in pool.map(one_client, range(clients)) for value in of_client]
    spent = time.perf_counter() - start
    p50, p99 = np.percentile(times, [50, 99]).tolist()
    return p50, p99, len(times) / spent, len(times)


def cpu_seconds(pid: str) -> float:
    """Of a process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def memory(pid: str) -> str:
    """Resident memory of a process, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return f"{int(resident.split()[1]) // 1024}"


def main() -> None:
    url, pid, *variants = sys.argv[1:]
    print("| variant | clients | p50 ms | p99 ms | requests/s | CPU ms a request | requests | memory MiB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    run = time.time_ns() % 1_000_000
    for variant in variants:
        cell(url, variant, 1, run - 1, requests=1)
        for clients in CLIENTS:
            before = cpu_seconds(pid)
            p50, p99, rate, count = cell(url, variant, clients, run)
            cpu = 1000 * (cpu_seconds(pid) - before) / count
            figures = f"{p50:.0f} | {p99:.0f} | {rate:.1f} | {cpu:.0f} | {count} | {memory(pid)}"
            print(f"| {variant} | {clients} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
