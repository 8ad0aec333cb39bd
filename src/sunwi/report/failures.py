"""Failure notes (오답 노트): each query that found nothing, and the step that lost its passage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from sunwi.records.row import EvalId, Identifier, Row
from sunwi.records.submissions import LineageRow

Cause = Literal["needs_retrieval", "reranker", "fusion", "misunderstood", "no_candidate", "ranked_low"]
CAUSES: tuple[Cause, ...] = (
    "needs_retrieval", "reranker", "fusion", "misunderstood", "no_candidate", "ranked_low",
)  # fmt: skip
LATE_STEPS = ("fused", "before_llm", "llm")  # ranks of the lineage that are no retriever's


class FailureNote(Row):
    """diagnosis/failures.jsonl: one query that fails in one variant.

    `best_ranks` has for each retriever, and for `fused`, the best rank of a relevant document in the
    lineage; `passages` has the text of the relevant documents and of the first one submitted.
    """

    variant: Identifier
    eval_id: EvalId
    cause: Cause
    standalone_query: str
    relevant: list[str]
    topk: list[str]
    relevant_rank: int | None = None
    best_ranks: dict[str, int]
    passages: dict[str, str]

    def sort_key(self) -> tuple[str, bool, int | str]:
        return (self.variant, isinstance(self.eval_id, str), self.eval_id)


def failure_notes(
    variant: str,
    lineage: Iterable[LineageRow],
    topk: Mapping[str, Sequence[str]],
    relevant: Mapping[str, Collection[str]],
    ranks: Mapping[str, int | None],
    better_read: Collection[str],
    texts: Mapping[str, str],
    cutoff: int,
) -> list[FailureNote]:
    """Notes on the queries whose competition AP is 0.

    Parameters
    ----------
    topk, relevant
        Query id to documents; a query without an entry in `relevant` asks for an empty topk.
    ranks
        Query id to the rank of its first relevant document in the variant's deep run.
    better_read
        Queries that another reading of their dialogue would have answered; see `better_read_queries`.
    texts
        Docid to text, for the passages of the notes.
    cutoff
        Documents that count, from the top.
    """
    notes = []
    for row in lineage:
        qid = str(row.eval_id)
        wanted, submitted = relevant.get(qid, ()), list(topk[qid])
        if set(wanted) & set(submitted[:cutoff]) or (not wanted and not submitted):
            continue
        best = best_ranks(row, wanted)
        shown = [*sorted(wanted), *submitted[:1]]
        notes.append(
            FailureNote(
                variant=variant,
                eval_id=row.eval_id,
                cause=cause_of(best, wanted, submitted, ranks.get(qid), qid in better_read, cutoff),
                standalone_query=row.standalone_query,
                relevant=sorted(wanted),
                topk=submitted,
                relevant_rank=ranks.get(qid),
                best_ranks=best,
                passages={docid: texts[docid] for docid in shown if docid in texts},
            )
        )
    return notes


def best_ranks(row: LineageRow, wanted: Collection[str]) -> dict[str, int]:
    """Each step's best rank of a wanted document among the lineage's candidates."""
    best: dict[str, int] = {}
    for candidate in row.candidates:
        if candidate["docid"] not in wanted:
            continue
        for key, rank in candidate.items():
            if key.endswith("_rank") and isinstance(rank, int):
                name = key.removesuffix("_rank")
                best[name] = min(rank, best.get(name, rank))
    return dict(sorted(best.items()))


def cause_of(
    best: Mapping[str, int],
    wanted: Collection[str],
    submitted: Sequence[str],
    run_rank: int | None,
    better_read: bool,
    cutoff: int,
) -> Cause:
    """The last step that could have kept the query from failing, read from the end of the pipeline.

    `needs_retrieval`: small talk was searched for, or a question was taken for small talk. `reranker`: a
    relevant document stood among the first `cutoff` before a reranker (the fusion had it, or what the LLM
    re-ordered). `fusion`: a retriever, or a variant that a combination reads, had it there. `misunderstood`:
    none had, but another reading of the dialogue finds it. `no_candidate`: it is not in the pool at all.
    `ranked_low`: it is, and every retriever ranks it low.

    Examples
    --------
    >>> cause_of({"bm25": 2, "dense": 9, "fused": 5}, ["d1"], ["d7"], 5, False, cutoff=3)
    'fusion'
    """
    if not wanted or not submitted:
        return "needs_retrieval"
    if any(best.get(step, cutoff + 1) <= cutoff for step in ("fused", "before_llm")):
        return "reranker"
    if any(rank <= cutoff for name, rank in best.items() if name not in LATE_STEPS):
        return "fusion"
    if better_read:
        return "misunderstood"
    return "no_candidate" if run_rank is None else "ranked_low"


def count_causes(notes: Iterable[FailureNote], variants: Iterable[str]) -> dict[str, dict[str, int]]:
    """Variant to cause to number of failing queries, with `total`; zeros are there too."""
    counts = {name: dict.fromkeys((*CAUSES, "total"), 0) for name in sorted(variants)}
    for note in notes:
        counts[note.variant][note.cause] += 1
        counts[note.variant]["total"] += 1
    return counts
