"""Indexes and stored vectors that retrievers read."""
