"""Questions of several passages: what came for another passage too is one question with both as answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sunwi.records.questions import Question, RejectedQuestion
from sunwi.records.row import Split


def with_other_passages(
    kept: Sequence[Question], rejected: Iterable[RejectedQuestion], splits: Mapping[str, Split]
) -> list[Question]:
    """The kept questions, each with the passages of its split whose copy of it was refused.

    A passage of another split is left out: training must not see what dev or test asks for.
    """
    others: defaultdict[str, set[str]] = defaultdict(set)
    for copy in rejected:
        if copy.reason == "duplicate_across":
            others[str(copy.checks["duplicate_of"])].add(copy.docid)
    found = []
    for question in kept:
        also = sorted(docid for docid in others[question.qid] if splits[docid] == question.split)
        found.append(question.model_copy(update={"also": also}) if also else question)
    return found
