"""Judgements by people: records, pools, the choice of queries, agreement, and what becomes of them."""
