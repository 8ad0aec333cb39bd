"""Ranking whole evaluation sets by models, rerankers and variants of params.yaml."""
