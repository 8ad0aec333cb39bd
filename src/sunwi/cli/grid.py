"""`sunwi grid VARIANT KEY=VALUES ...`: queue DVC experiments over a variant's settings, rank them on dev."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from sunwi.cli.terminal import echo

PARAMS = Path("params.yaml")


def grid(
    variant: Annotated[str, typer.Argument(help="A submission or combination of params.yaml.")],
    axes: Annotated[list[str] | None, typer.Argument(help="KEY=VALUE,VALUE of its settings.")] = None,
    *,
    queue: Annotated[bool, typer.Option("--queue", help="Queue them too; else they are printed.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Rank what has been run, by dev MAP.")] = False,
) -> None:
    """Write `dvc exp run --queue` for each cell of a grid, or rank the experiments by dev MAP."""
    from sunwi.errors import DataError
    from sunwi.params.loading import load_params
    from sunwi.params.reading import read_effective
    from sunwi.params.whole import Params
    from sunwi.submit.grid import cells, command, parse_axes

    if show:
        _print_ranking(variant)
        return
    if not axes:
        raise DataError(
            "the grid has no axis", f"name one or more: sunwi grid {variant} rrf_k=10,30,60 depth=100,200"
        )
    load_params(PARAMS)
    content = read_effective(Params, PARAMS)
    commands = [command(content, variant, cell) for cell in cells(content, variant, parse_axes(axes))]
    for line in commands:
        echo(shlex.join(line))
        if queue:
            done = subprocess.run(line, capture_output=True, text=True, check=False)
            if done.returncode:
                raise DataError(
                    f"dvc refused it: {done.stderr.strip()}", "correct that and run the grid again"
                )
    if queue:
        echo(f"{len(commands)} queued. Next: dvc queue start; then sunwi grid {variant} --show")


def _print_ranking(variant: str) -> None:
    from dvc.api import exp_show

    from sunwi.errors import DataError
    from sunwi.params.loading import load_params
    from sunwi.submit.grid import rank_experiments

    alone = len(load_params(PARAMS).variants) == 1
    ranked = rank_experiments(exp_show(), variant, alone)
    if not ranked:
        what = f"no experiment has a dev MAP of {variant!r} (it needs judged dev dialogues)"
        raise DataError(
            what, f"queue some with sunwi grid {variant} KEY=VALUES --queue, then dvc queue start"
        )
    echo("dev MAP  experiment")
    for name, value in ranked:
        echo(f"{value:7.4f}  {name}")
