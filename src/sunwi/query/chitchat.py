"""Chit-chat or a search: logistic regression on the encoder's vectors of committed example utterances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.records.files import read_rows
from sunwi.records.row import Identifier, Row
from sunwi.resources import resource_file

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Probabilities = npt.NDArray[np.float64]

EXAMPLES = resource_file("sunwi.query.data", "chitchat_examples.jsonl")
FOLDS = 5
FOLD_SEED = 0  # the file is sorted by text, so folds in file order would hold out one kind of opening
INVERSE_REGULARISATION = 100.0  # the vectors lie close together; held-out accuracy is flat from 30 to 1000


class Example(Row):
    """chitchat_examples.jsonl: one utterance and what it is."""

    text: Identifier
    label: Literal["chitchat", "search"]

    def sort_key(self) -> tuple[str]:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class ChitchatModel:
    """A fitted classifier, and what cross-validation on its examples says of it.

    `threshold` is the one that decides the held-out examples best; `accuracy` is theirs at one half.
    """

    encoder: Encoder
    max_length: int
    classifier: LogisticRegression
    examples: int
    accuracy: float
    threshold: float

    def probabilities(self, turns: Sequence[str], standalone: Sequence[str]) -> Probabilities:
        """Probability that each last user turn is chit-chat, shape [turns].

        Decided on the mean of the vectors of the turn and of its standalone query, that is, on the mean of
        their two log-odds: "그럼 언제 먹어?" alone reads as small talk, its topic in front alone hides a
        thank-you. Where the two texts are the same, it is the decision on the turn.
        """
        if not turns:
            return np.zeros(0)
        vectors = _features(self.encoder, [*turns, *standalone], self.max_length)
        mean = (vectors[: len(turns)] + vectors[len(turns) :]) / 2
        return _chitchat_column(self.classifier.predict_proba(mean))


def read_examples() -> list[Example]:
    """The committed example utterances, sorted by text."""
    with as_file(EXAMPLES) as path:
        return read_rows(path, Example)


def fit_chitchat(encoder: Encoder, max_length: int, examples: Sequence[Example]) -> ChitchatModel:
    """Fit the classifier on the vectors of the examples, in memory; nothing is pickled.

    Raises
    ------
    DataError
        If a label has fewer examples than there are folds.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    is_chitchat = np.array([example.label == "chitchat" for example in examples])
    fewest = int(min(is_chitchat.sum(), (~is_chitchat).sum())) if len(examples) else 0
    if fewest < FOLDS:
        raise DataError(
            f"expected at least {FOLDS} examples of each label, found {fewest} of one",
            f"add rows to {EXAMPLES.name}",
        )
    vectors = _features(encoder, [example.text for example in examples], max_length)
    # lbfgs has no random part; balanced, because the two labels need not have equally many examples
    classifier = LogisticRegression(
        C=INVERSE_REGULARISATION, class_weight="balanced", solver="lbfgs", max_iter=5000
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=FOLD_SEED)
    held_out = _chitchat_column(
        cross_val_predict(classifier, vectors, is_chitchat, cv=folds, method="predict_proba")
    )
    classifier.fit(vectors, is_chitchat)
    accuracy = float(((held_out >= 0.5) == is_chitchat).mean())
    threshold = calibrate(held_out, is_chitchat)
    return ChitchatModel(encoder, max_length, classifier, len(examples), accuracy, threshold)


def calibrate(
    probabilities: Sequence[float] | Probabilities, is_chitchat: Sequence[bool] | npt.NDArray[np.bool_]
) -> float:
    """Threshold at or above which a turn counts as chit-chat, chosen for most right decisions.

    A chit-chat turn that is caught and a search query that is kept count the same, as they do in the
    competition's MAP: either scores 1 or loses it. Among equally good thresholds it is the middle of the
    widest gap between neighbouring probabilities (0 and 1 included), then the lowest.

    Raises
    ------
    DataError
        If there is no label, or not one label for each probability.

    Examples
    --------
    >>> calibrate([0.1, 0.2, 0.8, 0.9], [False, False, True, True])
    0.5
    """
    values = np.asarray(probabilities, dtype=np.float64)
    labels = np.asarray(is_chitchat, dtype=bool)
    if not len(values) or len(values) != len(labels):
        raise DataError(
            f"expected one label for each probability, found {len(labels)} for {len(values)}",
            "give both for the same queries",
        )
    edges = np.unique(np.concatenate([[0.0], values, [1.0]]))
    middles = (edges[:-1] + edges[1:]) / 2
    right = ((values >= middles[:, None]) == labels).sum(axis=1)  # [gaps]
    best = max(range(len(middles)), key=lambda gap: (right[gap], edges[gap + 1] - edges[gap], -gap))
    return float(middles[best])


def _features(encoder: Encoder, turns: Sequence[str], max_length: int) -> Probabilities:
    return encoder.encode(turns, "query", max_length, "chit-chat").astype(np.float64)


def _chitchat_column(by_class: npt.NDArray[np.float64]) -> Probabilities:
    """Column of True: classes are sorted, False first."""
    return by_class[:, 1]
