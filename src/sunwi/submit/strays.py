"""Files of variants that are no longer declared."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path


def remove_strays(folder: Path, names: Collection[str]) -> list[str]:
    """Delete the files of variants that are no longer declared; return their names.

    A stage that depends on the whole folder would see another hash than that of a fresh clone.
    """
    files = [path for path in sorted(folder.iterdir()) if path.is_file()] if folder.exists() else []
    strays = [path for path in files if path.name.split(".")[0] not in {"", *names}]
    for path in strays:
        path.unlink()
    return [path.name for path in strays]
