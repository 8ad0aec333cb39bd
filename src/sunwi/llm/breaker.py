"""The circuit breaker: when row after row fails, the server is down and the run stops."""

from __future__ import annotations

# circuit-breaker packages open and close again on a timer; here a run ends, and is repeated by a person


class Breaker:
    """Counts consecutive rows that used up their tries; of single failed tries a short fault causes many.

    Attributes
    ----------
    answered
        An answer came at least once: the address is right.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failures = 0
        self.answered = False

    def succeeded(self) -> None:
        """An answer came."""
        self.answered = True
        self._failures = 0

    def failed(self) -> bool:
        """A row used up its tries; True if the run must stop."""
        self._failures += 1
        return self._failures >= self._limit
