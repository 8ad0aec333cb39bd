"""How long to wait before a call is tried again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# tenacity's wait_random_exponential is the same draw, from the global random source and without Retry-After;
# its loop does not see that a run stops, or that another process records the answer between two tries.
FIRST = 1.0  # seconds: bound of the first wait
LONGEST = 60.0
LONGEST_ASKED = 120.0  # of what a server may ask for: a row is not worth an hour


def backoff(failures: int, retry_after: float | None, source: random.Random) -> float:
    """Seconds to wait after so many failed tries: exponential with full jitter.

    Uniform in [0, min(60, 2^(failures - 1))], after Brooker, "Exponential backoff and jitter" (AWS, 2015).
    A server's Retry-After (at most 120 s of it) is waited in full, with up to a second of jitter after it.

    >>> backoff(3, None, random.Random(0)) <= 4
    True
    """
    if retry_after is not None:
        return min(retry_after, LONGEST_ASKED) + source.uniform(0, FIRST)
    return source.uniform(0, min(LONGEST, FIRST * 2 ** (failures - 1)))


def read_retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds of `retry-after-ms` or `Retry-After` (RFC 9110 10.2.3: seconds or an HTTP date), if readable.

    >>> read_retry_after({"retry-after": "7"})
    7.0
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) / unit
        except ValueError:
            return _until(value, now or datetime.now(UTC))
        return seconds if 0 <= seconds < float("inf") else None
    return None


def _until(date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError, TypeError, IndexError):  # of a date beyond all calendars
        return None
    if moment.tzinfo is None:  # the RFC's "-0000": universal time
        moment = moment.replace(tzinfo=UTC)
    try:
        return max(0.0, (moment - now).total_seconds())
    except OverflowError:
        return None
