"""The rate of all calls together: a limit from the settings, slowed down while the server answers 429."""

from __future__ import annotations

import time
from collections.abc import Callable

# aiolimiter's rate is fixed and lets a whole period's calls out at once; this one adapts to 429 answers
_FIRST_INTERVAL = 0.05  # seconds between calls after the first 429 of an unlimited rate
_LONGEST_INTERVAL = 10.0
_RECOVERY = 0.95  # of the interval, a success
_NEGLIGIBLE = 0.002


class RateLimit:
    """Gives each call its time slot.

    A 429 doubles the interval between calls and stops all of them for as long as the server asks; every
    success shortens it again (multiplicative decrease of the rate as in TCP).
    """

    def __init__(self, per_minute: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._set = 60.0 / per_minute if per_minute else 0.0
        self._interval = self._set
        self._clock = clock
        self._next = clock()
        self._slowed = self._next

    @property
    def interval(self) -> float:
        """Seconds between two calls."""
        return self._interval

    def take(self) -> float:
        """Seconds that the caller must wait for its slot."""
        now = self._clock()
        slot = max(now, self._next)
        self._next = slot + self._interval
        return slot - now

    def now(self) -> float:
        """The clock's time, to be handed to `slowed_down`."""
        return self._clock()

    def slowed_down(self, sent: float, seconds: float) -> None:
        """A call that was sent at `sent` met a 429; delay all calls by `seconds`."""
        now = self._clock()
        self._next = max(self._next, now + seconds)
        if sent >= self._slowed:  # else it was sent before the last slow-down, in the same burst
            self._slowed = now
            self._interval = min(_LONGEST_INTERVAL, max(_FIRST_INTERVAL, 2 * self._interval))

    def succeeded(self) -> None:
        """A call was answered."""
        shorter = self._interval * _RECOVERY
        self._interval = max(self._set, shorter if shorter > _NEGLIGIBLE else 0.0)
