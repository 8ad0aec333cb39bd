"""Dev questions in three parts by document: for training a second stage, for early stopping, for the gate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from sunwi.params.train_reranker_targeted import TrainRerankerTargetedParams
from sunwi.records.mined import CandidateList
from sunwi.runtime import hash_share
from sunwi.train.shared.document_groups import together

Part = Literal["train", "stop", "gate"]


def part_of(document: str, params: TrainRerankerTargetedParams) -> Part:
    """The part of a document, by the hash of its id: a new document does not move the others.

    Examples
    --------
    >>> even = TrainRerankerTargetedParams(stop_share=0.5, gate_share=0.5)
    >>> sorted({part_of(f"d{number}", even) for number in range(20)})
    ['gate', 'stop']
    """
    place = hash_share("failure_part", document)
    if place < params.gate_share:
        return "gate"
    return "stop" if place < params.gate_share + params.stop_share else "train"


def parts_of(
    lists: Sequence[CandidateList],
    documents: Mapping[str, Collection[str]],
    params: TrainRerankerTargetedParams,
) -> dict[Part, list[CandidateList]]:
    """Candidate lists of dev questions by the part of the documents that answer them.

    Documents that one question shares, directly or by a chain of questions, fall into one part.

    Parameters
    ----------
    documents
        Question id to the documents that are labelled as its answer.
    """
    group = together([sorted(documents[question.qid]) for question in lists])
    parts: dict[Part, list[CandidateList]] = {"train": [], "stop": [], "gate": []}
    for question in lists:
        parts[part_of(group[min(documents[question.qid])], params)].append(question)
    return parts
