"""What an encoder did: rows by where they came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class EncodeCount:
    """How many rows were encoded and how many came from the cache."""

    encoded: int = 0
    cached: int = 0
