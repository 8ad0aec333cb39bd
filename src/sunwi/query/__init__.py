"""Query understanding without an LLM: standalone queries and the chit-chat decision."""
