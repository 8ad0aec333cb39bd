"""Every comparison on this machine, side by side, written to docs/benchmarks.md.

    python -m benchmarks.bench [--quick] [--only bm25 encoding] [--documents FILE --questions FILE]

Without files it runs on the demo. Sides of a comparison take turns in one process; after one turn that does
not count come `--turns`. The numbers are kept as JSON; the page is written from them, and comparisons that
did not run this time keep their last ones.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import time
from pathlib import Path
from typing import Any

from benchmarks.shared.material import read_material
from benchmarks.shared.turns import Comparison, Row, busy, machine, table

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
COMPARISONS = {  # name -> module of benchmarks with `compare`
    "bm25": "search.bm25_search",
    "encoding": "encoding.passages",
    "reranking": "reranker.pairs",
    "mining": "mining.negatives",
    "training": "embedder.steps",
    "scoring": "score.runs",
}
TABLES = {
    "reruns": "pipeline.reruns",
    "noop": "pipeline.noop",
}  # those with `report`, a table of its own
NAMES = (*COMPARISONS, *TABLES)
HEAD = (
    "Written by `make bench` from `benchmarks/results/`; edit neither. Sides of a table take turns in one "
    "process; figures are medians of the turns, and ratios are to the first row, turn by turn. CPU seconds "
    "count all threads: on a machine with other work they are the figure to go by."
)


def page(results: dict[str, Any]) -> str:
    """The whole page from the results' JSON."""
    facts = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["libraries"].items())
    here = f"{facts['cpu']}, {facts['cores']} cores ({', '.join(facts['instructions'])})"
    parts = [
        "# Benchmarks",
        HEAD,
        f"{here}, {facts['memory_gib']} GiB, Python {facts['python']}; {versions}.",
    ]
    for name in NAMES:
        if found := results["comparisons"].get(name):
            parts += [_section(found), _conditions(found)]
    return "\n\n".join(parts) + "\n"


def _module(name: str) -> Any:
    return importlib.import_module(f"benchmarks.{name}")


def _section(found: dict[str, Any]) -> str:
    if "table" in found:
        return "\n\n".join(
            [f"## {found['title']}", found["setting"] + ".", found["table"], *found["remarks"]]
        )
    names = ("title", "unit", "setting")
    rows = [Row(**row) for row in found["rows"]]
    return table(Comparison(*(found[name] for name in names), rows, found["remarks"]))


def _conditions(found: dict[str, Any]) -> str:
    load = found["load_per_core"]
    state = "at rest" if load < 0.3 else "the comparison before, or other work: wall seconds may mislead"
    sizes = "small sizes (--quick), " if found["quick"] else ""
    turns = f"{found['turns']} turns"
    if found.get("runs"):  # minutes a run
        turns = "each run of the table once"
    return f"*{sizes}{turns}; load {load} a core before: {state}.*"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, two turns: does it all run?")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--turns", type=int)
    parser.add_argument("--documents", type=Path, help="JSON lines: docid, content")
    parser.add_argument("--questions", type=Path, help="JSON lines: docid, question")
    parser.add_argument("--results", type=Path, default=RESULTS / "cpu.json")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # the libraries tell of every model that they load
    turns = options.turns or (2 if options.quick else 5)
    material = read_material(options.documents, options.questions)
    results = {"comparisons": {}}
    if options.results.exists():
        results = json.loads(options.results.read_text(encoding="utf-8"))
    results["machine"] = machine()
    for name in options.only:
        load, start = busy(), time.perf_counter()
        if name in TABLES:
            found = _module(TABLES[name]).report(material, turns, options.quick)
        else:
            compared = _module(COMPARISONS[name]).compare(material, turns, options.quick)
            found = compared.as_json()
        results["comparisons"][name] = found | {
            "turns": turns,
            "quick": options.quick,
            "load_per_core": load,
        }
        print(f"{_section(found)}\n\n({time.perf_counter() - start:.0f} s)\n", flush=True)
        options.results.parent.mkdir(parents=True, exist_ok=True)
        options.results.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        options.page.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
