"""Synthetic questions: generation by templates, intake of given ones, filters, split."""
