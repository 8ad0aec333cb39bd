"""Training lists of a reranker: a question, its positive first, negatives spread over the ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sunwi.mining.false_negatives import positive_limit
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.records.mined import CandidateList


@dataclass(frozen=True, slots=True)
class TrainingList:
    """One question with its positive first and its negatives after it.

    `retriever` holds the retriever's score of each passage: what is distilled, and what the blend adds.
    """

    query: str
    passages: list[str]
    retriever: list[float]

    @property
    def labels(self) -> list[float]:
        """1 for the positive, 0 for the others."""
        return [1.0] + [0.0] * (len(self.passages) - 1)

    @property
    def lead(self) -> float:
        """The positive's retriever score less the best negative's."""
        return self.retriever[0] - max(self.retriever[1:])


def training_lists(
    lists: Sequence[CandidateList],
    texts: Mapping[str, str],
    params: TrainRerankerParams,
    max_positive_share: float,
) -> tuple[list[TrainingList], dict[str, int]]:
    """A training list for each train question, and how many questions gave none.

    Negatives must score below `max_positive_share` of the positive (above it they may answer too; the
    section's own value goes before this one), and are spread evenly over the ranks, the hardest among them:
    the hardest alone teach a fresh head nothing. With `max_lists` those are kept whose positive leads the
    hardest negative least: a list that the retriever decides by far has no gradient.
    """
    share = max_positive_share if params.max_positive_share is None else params.max_positive_share
    examples: list[TrainingList] = []
    counts = {"lists": 0, "positive_not_retrieved": 0, "without_negative": 0}
    for question in lists:
        if question.split != "train":
            continue
        counts["lists"] += 1
        if not any(candidate.label for candidate in question.candidates):
            counts["positive_not_retrieved"] += 1
        elif example := training_list(question, texts, params.negatives, share):
            examples.append(example)
        else:
            counts["without_negative"] += 1
    if params.max_lists:
        rising = sorted(range(len(examples)), key=lambda row: (examples[row].lead, row))
        examples = [examples[row] for row in sorted(rising[: params.max_lists])]
    return examples, counts


def training_list(
    question: CandidateList, texts: Mapping[str, str], negatives: int, max_positive_share: float
) -> TrainingList | None:
    """The list's best positive and some of its negatives; None where it has not both."""
    positive = next((candidate for candidate in question.candidates if candidate.label), None)
    if positive is None:
        return None
    limit = positive_limit(positive.score, max_positive_share)
    below = [
        candidate for candidate in question.candidates if not candidate.label and candidate.score < limit
    ]
    if not below:
        return None
    chosen = [positive, *(below[place] for place in spread(len(below), negatives))]
    return TrainingList(
        question.query,
        [texts[candidate.docid] for candidate in chosen],
        [candidate.score for candidate in chosen],
    )


def spread(size: int, count: int) -> list[int]:
    """At most `count` places of `size`, evenly from the first to the last.

    Examples
    --------
    >>> spread(10, 4), spread(2, 4), spread(5, 1)
    ([0, 3, 6, 9], [0, 1], [0])
    """
    if size <= count or count == 1:
        return list(range(min(size, count)))
    return [round(step * (size - 1) / (count - 1)) for step in range(count)]
