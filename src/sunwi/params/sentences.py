"""Section sentences."""

from __future__ import annotations

from sunwi.params.section import Section


class SentencesParams(Section):
    """The search over sentences."""

    enabled: bool = False
    """Encode every sentence too: a passage is also found by its best sentence; twice the time of encoding."""
