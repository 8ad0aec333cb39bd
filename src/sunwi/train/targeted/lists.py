"""What a second stage trains on: failures with their paraphrases, and replayed solved questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.records.failures import AugmentedFailure
from sunwi.records.mined import CandidateList
from sunwi.runtime import text_hash
from sunwi.train.reranker.lists import TrainingList, training_list


def failure_lists(
    rows: Sequence[AugmentedFailure], lists: Mapping[str, CandidateList], texts: Mapping[str, str]
) -> list[TrainingList]:
    """A training list for each question that was made from a failure.

    A passage keeps the retriever's score that it has for the failing question; one that is not among its
    candidates gets the beating passage's score.
    """
    examples = []
    for row in rows:
        scores = {candidate.docid: candidate.score for candidate in lists[row.source].candidates}
        beating = scores[str(row.negatives[0]["docid"])]
        negatives = [scores.get(str(negative["docid"]), beating) for negative in row.negatives]
        examples.append(
            TrainingList(
                row.query,
                [texts[row.positive], *(str(negative["text"]) for negative in row.negatives)],
                [scores[row.positive], *negatives],
            )
        )
    return examples


def replayed(
    solved: Sequence[CandidateList],
    texts: Mapping[str, str],
    settings: TrainRerankerParams,
    max_positive_share: float,
    count: int,
) -> list[TrainingList]:
    """At most `count` solved questions, chosen by the hash of their id, so that they stay solved."""
    order = sorted(solved, key=lambda question: text_hash("replay", question.qid))
    examples: list[TrainingList] = []
    for question in order:
        if len(examples) == count:
            break
        if example := training_list(question, texts, settings.negatives, max_positive_share):
            examples.append(example)
    return examples
