"""What a corpus needs, from ten thousand to a hundred million passages: the table of docs/scaling.md.

    python -m benchmarks.scale.sizing [--cores 16] [--set price_in=0.5 --set gpu_tflops=989]

Unit costs stand in benchmarks/results/unit_costs.json: measured ones, and assumptions, which `--set` changes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

COSTS = Path(__file__).resolve().parents[1] / "results" / "unit_costs.json"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "scaling.md"
START, END = "<!-- sizing: written by benchmarks/scale/sizing.py -->", "<!-- end of sizing -->"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
DIMENSIONS = 384
HNSW_LINKS = 32  # dense.hnsw_m; the lowest layer has twice as many, of 4 bytes
PQ_BYTES = 48  # dense.pq_m
MEASURED_CORES = 2
SERVER = "a server's shards (`search.engine`)"


@dataclass(frozen=True)
class Need:
    """Bytes, hours and money of one size."""

    passages: int
    disk: float
    flat_memory: float
    engine: str
    engine_memory: float
    encode_cpu: float
    encode_cpu_half: float
    encode_gpu: float
    encode_gpu_m3: float
    text_cpu: float
    llm: float
    mine_cpu: float


def need(passages: int, cost: dict[str, float], cores: int) -> Need:
    """The needs of so many passages; hours on `cores` cores, if the work spreads over them."""
    asked = min(cost["questions_per_passage"] * passages, cost["training_questions"])
    of_text = 2 * cost["text_bytes"] + cost["text_cache_bytes"]  # source and prepared, caches
    of_vectors = 2 * 2 * DIMENSIONS + 2 * cost["vector_cache_bytes"]  # base and promoted encoder
    disk = passages * (of_text + of_vectors + cost["bm25_bytes"])
    disk += asked * (cost["question_bytes"] + cost["mined_bytes"])
    engine, vectors = _engine(passages)
    local = vectors + cost["bm25_bytes"] + cost["text_bytes"] if engine != SERVER else 0.0
    hour = 3600 * cores / MEASURED_CORES
    flops = 2 * cost["passage_tokens"] * passages
    gpu = cost["gpu_tflops"] * 1e12 * cost["gpu_share"] * 3600
    text = passages * (cost["morpheme_seconds"] + cost["bm25_build_seconds"])
    prices = cost["tokens_in"] * cost["price_in"] + cost["tokens_out"] * cost["price_out"]
    return Need(
        passages,
        disk,
        passages * (2 * DIMENSIONS + cost["bm25_bytes"] + cost["text_bytes"]),
        engine,
        passages * local,
        passages / cost["encode_float32"] / hour,
        passages / cost["encode_bfloat16"] / hour,
        flops * cost["small_weights"] / gpu,
        flops * cost["m3_weights"] / gpu,
        (text + asked / cost["questions_per_passage"] * cost["template_seconds"]) / 3600 / cores,
        asked / cost["questions_per_passage"] * prices / 1e6,
        asked * passages / cost["mining_pairs_per_second"] / hour,
    )


def _engine(passages: int) -> tuple[str, float]:
    """The engine to use at that size, and the bytes that its index of vectors takes for a passage."""
    if passages <= 100_000:
        return "local, `flat`", 2 * DIMENSIONS
    if passages <= 3_000_000:
        return "local, `hnsw`", 2 * DIMENSIONS + 2 * 4 * HNSW_LINKS
    if passages <= 20_000_000:
        return "local, `ivfpq`, indexes kept and mapped", PQ_BYTES + 8
    return SERVER, 0


def table(cost: dict[str, float], cores: int) -> str:
    """The needs of every size as Markdown."""
    head = (
        f"| passages | disk | memory, exact | engine to use | memory | CPU hours to encode, {cores} cores: "
        "float32 / bfloat16 | GPU hours: builtin / bge-m3 | hours of analysis and questions | LLM questions "
        "| hours of exact mining |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    lines = []
    for size in SIZES:
        one = need(size, cost, cores)
        cells = (
            f"{size:,}", _bytes(one.disk), _bytes(one.flat_memory), one.engine, _bytes(one.engine_memory),
            f"{_hours(one.encode_cpu)} / {_hours(one.encode_cpu_half)}",
            f"{_hours(one.encode_gpu)} / {_hours(one.encode_gpu_m3)}", _hours(one.text_cpu),
            f"{one.llm:,.0f}", _hours(one.mine_cpu),
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([head, *lines])


def _bytes(value: float) -> str:
    if not value:
        return "the server's"
    for unit in ("MB", "GB", "TB"):
        value /= 1000 if unit != "MB" else 1_000_000
        if value < 1000:
            break
    return f"{value:.3g} {unit}"


def _hours(value: float) -> str:
    return f"{value * 60:.0f} min" if value < 1 else f"{value:,.0f}"


def costs(changes: list[str]) -> tuple[dict[str, float], str]:
    """Unit costs by name, and the list of them as Markdown."""
    kinds = json.loads(COSTS.read_text(encoding="utf-8"))
    found = {name: float(entry["value"]) for entries in kinds.values() for name, entry in entries.items()}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in found:
            raise SystemExit(f"no unit cost is named {name}; there are {', '.join(sorted(found))}")
        found[name] = float(value)
    lines = [
        f"| {kind} | `{name}` | {found[name]:,g} | {entry['of']} |"
        for kind, entries in kinds.items()
        for name, entry in entries.items()
    ]
    return found, "\n".join(["| | unit cost | | of what |\n|---|---|---|---|", *lines])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cores", type=int, default=MEASURED_CORES)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a unit cost")
    options = parser.parse_args()
    cost, listed = costs(options.set)
    made = table(cost, options.cores)
    print(made)
    if options.cores == MEASURED_CORES and not options.set:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(END)[1]
        PAGE.write_text(f"{before}{START}\n{made}\n\n{listed}\n{END}{after}", encoding="utf-8")
