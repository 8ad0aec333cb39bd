"""Questions that serve search alone: what the question index holds beside the kept questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.duplicates import Duplicates
from sunwi.records.questions import IndexQuestion


def index_questions(
    checked: Iterable[tuple[Candidate, Evidence, FilterVerdict]],
    kept: Collection[str],
    near_copy: float,
    limit: int | None,
    with_lookalikes: bool,
) -> list[IndexQuestion]:
    """Candidates that are not kept and may be searched, sorted by qid.

    They are those that look like an evaluation or dev query, and those beyond the number that trains. A near
    copy of another question of the index is left out: it adds no other wording.

    Parameters
    ----------
    checked
        By document, best first, with their verdicts.
    kept
        Ids of the questions that train or serve as dev: they are in the index already.
    limit
        Questions of a document in the index, the kept ones with them; None: all.
    with_lookalikes
        Whether questions that look like an evaluation or dev query may stand in the index.
    """
    rows = list(checked)
    duplicates = Duplicates(near_copy)
    taken: Counter[str] = Counter()
    for candidate, _, _ in rows:
        if candidate.qid in kept:
            duplicates.keep(candidate)
            taken[candidate.docid] += 1
    found = []
    for candidate, evidence, verdict in rows:
        is_lookalike = verdict.reason is not None
        usable = verdict.is_indexable and (with_lookalikes or not is_lookalike)
        # Who gives questions may have seen the query: what equals one could be that query with its answer.
        is_query = candidate.style == "given" and evidence.evaluation_similarity == 1
        has_room = limit is None or taken[candidate.docid] < limit
        if candidate.qid in kept or not usable or is_query or not has_room:
            continue
        if duplicates.judge(candidate).reason is not None:
            continue
        duplicates.keep(candidate)
        taken[candidate.docid] += 1
        found.append(
            IndexQuestion(
                qid=candidate.qid, docid=candidate.docid, question=candidate.question,
                generator=candidate.generator, is_evaluation_lookalike=is_lookalike,
            )
        )  # fmt: skip
    return sorted(found, key=IndexQuestion.sort_key)
