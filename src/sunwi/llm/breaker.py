"""The circuit breaker: when row after row fails, the server is down and the run stops."""

from __future__ import annotations


class Breaker:
    """Counts rows in a row that used up their tries; single failed tries do not count, a hiccup has many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failures = 0

    def succeeded(self) -> None:
        """An answer came."""
        self._failures = 0

    def failed(self) -> bool:
        """A row used up its tries; True if the run must stop."""
        self._failures += 1
        return self._failures >= self._limit
