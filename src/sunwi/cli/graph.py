"""`sunwi graph`: the code that each stage reaches, and dvc.yaml's code dependencies written from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError

if TYPE_CHECKING:
    from sunwi.graph.plan import Plan
    from sunwi.graph.rooms import Page

ROOT = Path()


def graph(
    stage: Annotated[str | None, typer.Argument(help="A stage of dvc.yaml; without it, all of them.")] = None,
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write dvc.yaml, and the picture of --rooms.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Name what differs; exit code 1 if anything.")
    ] = False,
    rooms: Annotated[
        bool, typer.Option("--rooms", help="Write docs/architecture.md's picture alone.")
    ] = False,
    why: Annotated[str | None, typer.Option("--why", help="Show how the stage reaches this file.")] = None,
) -> None:
    """Show or write the code that each DVC stage depends on, computed from the imports."""
    if sum((write, check, rooms, stage is not None)) > 1 or (why is not None and stage is None):
        raise DataError(
            "expected one of --write, --check, --rooms or a stage (--why needs one)",
            "see `sunwi graph --help`",
        )
    if rooms:
        from sunwi.graph.closure import Imports
        from sunwi.graph.rooms import page_of
        from sunwi.graph.tree import Tree

        if not _draw(page_of(Imports(Tree(ROOT)))):
            echo("Nothing differs; nothing was written.")
        return
    from sunwi.graph.plan import plan_of

    plan = plan_of(ROOT)
    if check:
        _check(plan)
    elif write:
        _write(plan)
    elif why is not None and stage is not None:
        _explain(plan, stage, why)
    else:
        _show(plan, stage)


def _show(plan: Plan, stage: str | None) -> None:
    if stage is not None:
        plan.require(stage)
    for name in plan.entries if stage is None else [stage]:
        echo(f"{name}: {len(plan.closures[name])} files in {len(plan.entries[name])} entries")
        for entry in plan.entries[name]:
            echo(f"  {entry}")


def _explain(plan: Plan, stage: str, file: str) -> None:
    chain = plan.chain(stage, file)
    if not chain:
        echo(f"{stage} does not reach {file}")
        raise typer.Exit(1)
    echo("\n  imports ".join(chain))


def _check(plan: Plan) -> None:
    from sunwi.graph.rooms import page_of

    differences = [*plan.differences(), *page_of(plan.imports).differences()]
    for difference in differences:
        echo(difference)
    if differences:
        count = f"{len(differences)} difference{'s' if len(differences) != 1 else ''}"
        echo(f"{count} from what the imports say.\nNext: sunwi graph --write")
        raise typer.Exit(1)
    echo("dvc.yaml and docs/architecture.md are what the imports say.")


def _write(plan: Plan) -> None:
    from sunwi.graph.rooms import page_of

    page = page_of(plan.imports)  # before anything is written: it may lack its markers
    changed = plan.write()
    if changed:
        echo(f"dvc.yaml: code dependencies of {', '.join(changed)} were written.")
    drawn = _draw(page)
    if changed:
        echo("Next: make repro")
    elif not drawn:
        echo("Nothing differs; nothing was written.")


def _draw(page: Page) -> bool:
    drawn = page.write()
    if drawn:
        echo(f"{page.path}: the picture of the packages was written.")
    return drawn
