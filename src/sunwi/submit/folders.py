"""Where the files of a variant are."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Protocol

from sunwi.paths import BASELINES, METRICS, SUBMISSIONS


class HasBaselines(Protocol):
    """Parameters with the section `baselines`."""

    @property
    def baselines(self) -> Container[str]:
        """Names of the variants there."""


def submission_folder(params: HasBaselines, name: str) -> Path:
    """The folder of a variant's files, relative to the project; baselines have their own."""
    return BASELINES if name in params.baselines else SUBMISSIONS


def submission_metrics(params: HasBaselines, name: str) -> Path:
    """The metrics of a variant's own stage, relative to the project."""
    return METRICS / submission_folder(params, name).relative_to("data") / f"{name}.json"


def submission_file(params: HasBaselines, name: str) -> Path:
    """The submitted rows of a variant, or the file itself where the name has a suffix."""
    return Path(name) if Path(name).suffix else submission_folder(params, name) / f"{name}.jsonl"
