"""Retrievers and their fusion."""
