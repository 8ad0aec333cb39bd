"""What `sunwi doctor` looks at; one topic a file, each a function that returns its findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    "ok": there and fit. "note": absent or different, and the default pipeline runs all the same.
    "missing": it cannot run. `fix` is the command that helps, where one does.
    """

    topic: str
    name: str
    state: State
    found: str
    fix: str | None = None


def size(count: int) -> str:
    """Bytes as people read them.

    Examples
    --------
    >>> size(512), size(1536), size(3 * 2**30)
    ('512 B', '1.5 KiB', '3.0 GiB')
    """
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"
