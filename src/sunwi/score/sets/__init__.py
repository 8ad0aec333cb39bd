"""Scores over many evaluation sets: measures, comparisons with a baseline, tables, mteb's form."""
