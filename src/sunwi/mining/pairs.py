"""Candidate lists for the reranker: the fused pool of every labelled question, positives marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sunwi.mining.false_negatives import FalseNegativeRules, positive_limit
from sunwi.records.mined import Candidate, CandidateList, Triplet
from sunwi.runtime import text_hash
from sunwi.search.fusion.method import Fusion
from sunwi.search.labelled import NATURAL, LabelledQuestion
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import RankedQuery, SearchPipeline

RETRIEVERS = ("bm25", "dense", "questions")  # whose fused candidates the lists hold


def chosen_questions(
    labels: Sequence[LabelledQuestion], max_train: int, max_dev: int
) -> list[LabelledQuestion]:
    """At most so many questions a split: natural ones first, then by the hash of their id.

    The hash makes the choice even over the corpus, and stable when questions are added.
    """
    limits = {"train": max_train, "dev": max_dev}
    order = sorted(labels, key=lambda label: (label.style != NATURAL, text_hash(label.qid)))
    taken: Counter[str] = Counter()
    chosen = []
    for label in order:
        if taken[label.split] < limits.get(label.split, 0):
            taken[label.split] += 1
            chosen.append(label)
    return sorted(chosen, key=lambda label: label.qid)


def candidate_lists(
    pipeline: SearchPipeline,
    names: Sequence[str],
    fusion: Fusion,
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
    depth: int,
    rules: FalseNegativeRules,
) -> list[CandidateList]:
    """The best `depth` passages of each question, less those known to answer it beside the positive.

    A positive outside them is not put in: the list is what search gives. Of a chunked document that search
    found by another chunk, the labelled chunk stands in its place: its text is what answers.
    """
    docids, groups = pipeline.passages.docids, pipeline.passages.groups
    lists = []
    for label, ranked in zip(labels, pipeline.rank(queries, names, fusion, depth), strict=True):
        relevant: dict[str, int] = {}  # document to its first labelled chunk
        for position in label.relevant:
            relevant.setdefault(groups[position], position)
        hits = []
        kept = []
        for row, position in enumerate(ranked.positions):
            hit = groups[position] in relevant
            if hit or not any(
                rules.exclusion_reason(label.text, positive, int(position)) for positive in label.relevant
            ):
                known = not hit or position in label.relevant
                kept.append((row, int(position) if known else relevant[groups[position]]))
                hits.append(hit)
        lists.append(
            CandidateList(
                qid=label.qid,
                query=label.text,
                split=label.split,
                style=label.style,
                overlap=label.overlap,
                positive_rank=hits.index(True) + 1 if any(hits) else None,
                candidates=[
                    Candidate(
                        docid=docids[position],
                        score=round(float(ranked.scores[row]), 5),
                        label=int(hit),
                        components=_of_row(ranked, row),
                    )
                    for (row, position), hit in zip(kept, hits, strict=True)
                ],
            )
        )
    return lists


def _of_row(ranked: RankedQuery, row: int) -> dict[str, float]:
    return {name: round(float(values[row]), 5) for name, values in sorted(ranked.components.items())}


def triplets(
    lists: Sequence[CandidateList], texts: Mapping[str, str], max_positive_share: float
) -> list[Triplet]:
    """(question, positive, negative) of the train lists, for tools that train on triplets.

    A negative must score below `max_positive_share` of the positive, else it may answer as well.
    """
    rows = []
    for candidate_list in lists:
        positive = next((candidate for candidate in candidate_list.candidates if candidate.label), None)
        if candidate_list.split != "train" or positive is None:
            continue
        limit = positive_limit(positive.score, max_positive_share)
        below = (hit for hit in candidate_list.candidates if not hit.label and hit.score < limit)
        for number, negative in enumerate(below, start=1):
            rows.append(
                Triplet(
                    id=f"{candidate_list.qid}:{number:02d}",
                    query=candidate_list.query,
                    positive=texts[positive.docid],
                    negative=texts[negative.docid],
                )
            )
    return rows


def pool_metrics(lists: Sequence[CandidateList]) -> dict[str, Any]:
    """Per split: lists, positives in the list, positives first."""
    counts: dict[str, Counter[str]] = {}
    for candidate_list in lists:
        of_split = counts.setdefault(candidate_list.split, Counter())
        of_split["lists"] += 1
        of_split["positive_in_list"] += candidate_list.positive_rank is not None
        of_split["positive_first"] += candidate_list.positive_rank == 1
    return {split: dict(sorted(of_split.items())) for split, of_split in sorted(counts.items())}
