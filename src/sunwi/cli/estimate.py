"""`sunwi estimate`: the time of a run on this machine, and the cost of an LLM's questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError
from sunwi.paths import PREPARED

if TYPE_CHECKING:
    from sunwi.cli.workload import Load
    from sunwi.params.whole import Params


def estimate(
    *,
    time: Annotated[
        bool, typer.Option(help="Measure this machine for some seconds; --no-time: the cost alone.")
    ] = True,
) -> None:
    """Show the minutes of each stage on this machine, and the calls and cost of an LLM's questions.

    Rows that are in the cache count as free. Nothing is written and no call is made.
    """
    from sunwi.params.loading import load_params

    params = load_params()
    if time:
        _time(params)
    if time and not PREPARED.exists() and params.qa.provider != "llm":
        return
    _cost(params)


def _time(params: Params) -> None:
    from sunwi.cli.probe import probe
    from sunwi.cli.sizes import read_counts
    from sunwi.cli.workload import can_end, workload
    from sunwi.runtime import usable_threads

    counts, sample = read_counts(params)
    cores = usable_threads()
    speeds = probe(params, sample)
    ended = workload(params, counts, speeds, ended=True) if can_end(params) else None
    for line in table(workload(params, counts, speeds), cores, ended):
        echo(line)


def table(loads: Sequence[Load], cores: int, ended: Sequence[Load] | None = None) -> list[str]:
    """Lines of minutes by stage, then those of `sunwi dvc repro baseline` and of the whole.

    `ended` are the loads of a run in which the early look ends the reranker's training.
    """
    rows = [(load.stage, *_minutes(load.cpu, load.wall(cores)), load.what) for load in loads]
    for target, families in (("sunwi dvc repro baseline", {"baseline"}), ("sunwi dvc repro", None)):
        chosen = [load for load in loads if families is None or load.family in families]
        spent = sum(load.cpu for load in chosen), sum(load.wall(cores) for load in chosen)
        rows.append((target, *_minutes(*spent), f"{len(chosen)} rows of this table"))
    if ended is not None:
        spent = sum(load.cpu for load in ended), sum(load.wall(cores) for load in ended)
        rows.append(
            ("sunwi dvc repro, at least", *_minutes(*spent), "if the early look ends the reranker's training")
        )
    width = max(len(row[0]) for row in rows)
    head = f"{'stage':{width}}  CPU min  wall min  work ({cores} cores, no other work beside it)"
    return [
        head,
        *(f"{name:{width}}  {cpu:>7}  {wall:>8}  {what}".rstrip() for name, cpu, wall, what in rows),
    ]


def _minutes(cpu: float, wall: float) -> tuple[str, str]:
    return f"{cpu / 60:.1f}", f"{wall / 60:.1f}"


def _cost(params: Params) -> None:
    from sunwi.qa.llm.candidates import requests
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.corpus import prepared
    from sunwi.workspace.llm import llm_client

    if not PREPARED.exists():
        raise DataError(f"there is no {PREPARED}", "run dvc repro prepare")
    workspace = Workspace()
    if params.qa.provider != "llm":
        echo(f"qa.provider is {params.qa.provider}: no call is made. With qa.provider: llm:")
    calls = requests(prepared(workspace).corpus, params.qa, params.seed)
    echo(f"questions by {params.llm.model}: {llm_client(workspace).estimate(calls)}")
    if not (params.llm.price_in or params.llm.price_out):
        echo("llm.price_in and llm.price_out are 0: set them for a cost")
