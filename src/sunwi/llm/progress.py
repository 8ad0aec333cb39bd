"""The bar over a run's rows: rate, time left, cost so far, rows from the cache."""

from __future__ import annotations

import sys
from types import TracebackType


class ProgressBar:
    """On stderr; silent when stderr is no terminal."""

    def __init__(self, label: str, total: int, cached: int) -> None:
        from tqdm import tqdm

        hidden = not sys.stderr.isatty()
        self._cached = cached
        # `initial` keeps rows from the cache out of the rate and so out of the time left
        self._bar = tqdm(total=total, initial=cached, desc=label, unit="row", disable=hidden)

    def advance(self, rows: int, spent: float) -> None:
        """Rows are done, and so much is paid in all."""
        self._bar.set_postfix(cost=f"{spent:.4f}", cached=self._cached, refresh=False)
        self._bar.update(rows)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
