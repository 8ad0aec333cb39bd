"""Benchmarks and proofs by subject: `python -m benchmarks.ROOM.NAME` from the root of the repository."""
