"""Retrievers: a score for every passage, one kind a file."""
