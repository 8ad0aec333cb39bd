"""Query understanding without an LLM: standalone queries and the chit-chat decision."""

from sunwi.query.understand import Understanding, understand

__all__ = ["Understanding", "understand"]
