"""Which documents are relevant, and where a ranking has the first of them."""

from __future__ import annotations

from collections.abc import Mapping

from sunwi.trec import Qrels, ranked


def relevant_documents(qrels: Qrels) -> dict[str, frozenset[str]]:
    """Query id to the documents with a grade of at least 1; queries without one are left out."""
    judged = {qid: frozenset(docid for docid, grade in qrels[qid].items() if grade > 0) for qid in qrels}
    return {qid: documents for qid, documents in judged.items() if documents}


def first_relevant_rank(relevant: frozenset[str], scores: Mapping[str, float]) -> int | None:
    """Rank, from 1, of the best relevant document of a ranking; None if it has none."""
    order = ranked(dict(scores))
    return next((rank for rank, (docid, _) in enumerate(order, start=1) if docid in relevant), None)
