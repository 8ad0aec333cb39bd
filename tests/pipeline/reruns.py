"""An edit of a project, what it would run or does run, and the way back without another run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

EDITED = ("params.yaml", "params/defaults.yaml", "params/overrides.yaml", "dvc.yaml", "dvc.lock")


@contextmanager
def undone(folder: Path, *code: str) -> Iterator[None]:
    """Put the files of an edit back at the end, and the lock: the outputs, the same bytes, fit it again."""
    paths = [folder / name for name in (*code, *EDITED)]
    kept = {path: path.read_bytes() if path.exists() else None for path in paths}
    try:
        yield
    finally:
        for path, content in kept.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)


def add_comment(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + "\n# A comment changes no output.\n", encoding="utf-8")


def locked_outputs(folder: Path) -> dict[str, str]:
    """Path to content hash of every output of every stage, as DVC took it when the stage last ran."""
    lock = yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8"))
    return {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}
