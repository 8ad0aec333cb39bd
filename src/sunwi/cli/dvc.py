"""`sunwi dvc ARGUMENTS`: DVC in less time."""

from __future__ import annotations

import typer

SETTINGS = {"allow_interspersed_args": False, "ignore_unknown_options": True}


def dvc(
    arguments: list[str] = typer.Argument(
        metavar="DVC_ARGUMENTS...", help="As for dvc: repro, repro baseline, exp run -S KEY=VALUE."
    ),
) -> None:
    """Run `dvc`: the same stages and the same dvc.lock, in less time.

    Stages are forks of one process, which loads torch and other libraries once (on Linux without a GPU), and
    of dvc.lock only the entry of the stage that ran is written.
    """
    from sunwi.repro.dvc_command import run_dvc

    raise typer.Exit(run_dvc(arguments))
