"""Readers of source formats, and the preparation of a corpus: cleaning, chunks, duplicates, statistics."""
