"""`sunwi doctor`: can the pipeline run here, and if not, which command helps."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.terminal import echo

if TYPE_CHECKING:
    from sunwi.cli.checks import Finding

PARAMS = Path("params.yaml")
READING = ("pydantic", "yaml", "numpy", "huggingface_hub")  # what the project's files are read with
MARKS = {"ok": "ok", "note": "note", "missing": "MISSING"}
COLOURS = {"ok": "green", "note": "yellow", "missing": "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Look at machine, packages, keys, engines, models and project."""
    findings = examine(Path.cwd())
    missing = [finding for finding in findings if finding.state == "missing"]
    if as_json:
        import json

        report = {"ready": not missing, "findings": [asdict(finding) for finding in findings]}
        echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(findings)
        echo(
            f"\nThe pipeline cannot run: {len(missing)} missing (marked above). Next: {missing[0].fix}"
            if missing
            else "\nThe pipeline can run. Next: make repro"
        )
    if missing:
        raise typer.Exit(1)


def examine(project: Path) -> list[Finding]:
    """All findings, topic by topic; without the packages that reading the project takes, theirs alone."""
    from sunwi.cli.checks.access import check_engines, check_keys
    from sunwi.cli.checks.machine import check_machine
    from sunwi.cli.checks.packages import check_packages

    findings = [*check_machine(), *check_packages(project), *check_keys(), *check_engines()]
    if any(importlib.util.find_spec(module) is None for module in READING):
        return findings
    from sunwi.cli.checks.lengths import check_lengths
    from sunwi.cli.checks.model import check_builtin, check_encoder, check_precision
    from sunwi.cli.checks.project import check_dvc, check_params, check_row_caches, check_source

    params, of_params = check_params(PARAMS)
    spec = params.encoder.model if params is not None else ""
    findings += check_builtin(needed=spec.startswith("builtin/"))
    if params is not None:
        encoder = check_encoder(spec)
        findings += [encoder, *(check_precision(params.encoder) if encoder.state == "ok" else [])]
    findings += of_params
    if params is not None:
        findings += [check_source(params), *check_lengths(project, params)]
    return [*findings, *check_dvc(project), check_row_caches()]


def _print(findings: Sequence[Finding]) -> None:
    if not sys.stdout.isatty():
        for finding in findings:
            fix = f"  -> {finding.fix}" if finding.fix else ""
            echo(f"{MARKS[finding.state]:7}  {finding.topic}: {finding.name}: {finding.found}{fix}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from sunwi.errors import printable

    table = Table()
    for title in ("", "topic", "what", "found", "command"):
        table.add_column(title, overflow="fold")  # a command that is cut cannot be copied
    for finding in findings:
        state = Text(MARKS[finding.state], style=COLOURS[finding.state])
        cells = [
            Text(printable(text)) for text in (finding.topic, finding.name, finding.found, finding.fix or "")
        ]
        table.add_row(state, *cells)  # Text, because a path may look like markup
    Console().print(table)
