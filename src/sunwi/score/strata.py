"""Parts of the test queries that are measured on their own too."""

from __future__ import annotations

from collections.abc import Sequence

from sunwi.records.corpus import Query
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.labelled import natural_questions
from sunwi.search.passages import Passages
from sunwi.trec import Qrels


def query_strata(
    queries: Sequence[Query],
    understood: Sequence[UnderstoodQuery],
    qrels: Qrels,
    passages: Passages,
    tokenizer: str,
    low_overlap: float,
) -> dict[str, list[str]]:
    """Query ids by turns (`single_turn`, `multi_turn`) and by token overlap with the best relevant passage.

    `low_overlap` holds the labelled queries whose share is at most the parameter; empty parts are left out.
    """
    labelled = natural_questions(understood, qrels, passages, "test", tokenizer)
    overlaps = {label.qid.removeprefix("test:"): label.overlap for label in labelled}
    strata = {
        "single_turn": [query.qid for query in queries if len(query.messages) == 1],
        "multi_turn": [query.qid for query in queries if len(query.messages) > 1],
        "low_overlap": [qid for qid, share in overlaps.items() if share <= low_overlap],
        "high_overlap": [qid for qid, share in overlaps.items() if share > low_overlap],
    }
    return {name: sorted(qids) for name, qids in strata.items() if qids}
