"""Every reason for which a question is not kept, with the words of the report."""

from __future__ import annotations

from sunwi.qa import duplicates, parse
from sunwi.qa.judging import FILTERS
from sunwi.qa.llm import unanswered

BEYOND_LIMIT = "beyond_limit"


def reason_labels() -> dict[str, str]:
    """Reason code to its words: of the text's reading, every filter, the copies and the limit a document."""
    labels = {**parse.REASONS, **unanswered.REASONS}
    for rule in FILTERS.all().values():
        labels |= rule.reasons
    return labels | duplicates.REASONS | {BEYOND_LIMIT: "문서당 개수 초과"}
