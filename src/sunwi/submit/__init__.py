"""Submissions: named variants with lineage."""
