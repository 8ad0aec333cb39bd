"""`sunwi check --against REV`: has a headline number really fallen since another revision?"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError
from sunwi.paths import METRICS

PER_QUERY = METRICS / "per_query.csv"


def check(
    against: Annotated[str, typer.Option("--against", help="Revision of git to compare with, such as main.")],
) -> None:
    """Compare the headline with another revision; exit code 1 if it fell for real.

    Real is a fall beyond guard.tolerances that the paired test does not put down to chance.
    """
    from sunwi.params.loading import load_params
    from sunwi.score.guard import compare_revisions, markdown_verdicts
    from sunwi.score.per_query import read_per_query

    params = load_params()
    if not PER_QUERY.exists():
        raise DataError(f"there is no {PER_QUERY}", "run dvc repro (or make repro) in the project's folder")
    after = read_per_query(PER_QUERY.read_text(encoding="utf-8"), PER_QUERY.as_posix())
    before = read_per_query(content_at(against, PER_QUERY), f"{against}:{PER_QUERY.as_posix()}")
    verdicts = compare_revisions(
        before,
        after,
        [params.headline],
        params.guard.tolerances,
        params.guard.alpha,
        params.score,
        params.seed,
    )
    echo(markdown_verdicts(verdicts))
    fallen = [
        f"{verdict.variant} {verdict.measure} ({verdict.status})" for verdict in verdicts if verdict.fails
    ]
    if fallen:
        raise DataError(
            f"against {against}: {', '.join(fallen)}",
            "undo the change; if the fall is intended, raise guard.tolerances and say why in the commit",
        )


def content_at(revision: str, path: Path) -> str:
    """A file's text in a revision of git; the path is read from the current folder.

    Raises
    ------
    DataError
        If there is no git, no such revision or no such file in it.
    """
    command = ["git", "show", "--end-of-options", f"{revision}:./{path.as_posix()}"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise DataError("git is not installed", "install git, which reads the revision") from None
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip()
        raise DataError(
            f"{path} of revision {revision!r} cannot be read ({message})",
            "name a commit that has it; in CI fetch the history (fetch-depth: 0)",
        )
    return done.stdout.decode("utf-8")
