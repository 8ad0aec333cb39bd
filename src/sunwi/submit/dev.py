"""What a variant reaches on the dev dialogues: the number by which settings are chosen, never the test's."""

from __future__ import annotations

from sunwi.score.competition_map import competition_map
from sunwi.score.relevance import relevant_documents
from sunwi.submit.finishing import Submission
from sunwi.trec import Qrels


def dev_metrics(dev: Submission, qrels: Qrels, cutoff: int) -> dict[str, float | int]:
    """`dev_map` (the competition's MAP) and the number of dialogues; nothing without judged dialogues."""
    if not dev.rows or not qrels:
        return {}
    topk = {str(row.eval_id): row.topk for row in dev.rows}
    value = competition_map(relevant_documents(qrels), topk, cutoff)
    return {"dev_map": round(value, 6), "dev_queries": len(topk)}
