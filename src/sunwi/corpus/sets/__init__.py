"""Evaluation sets: folders of a corpus, queries and judgements as public retrieval sets are published."""
