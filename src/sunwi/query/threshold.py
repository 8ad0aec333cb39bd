"""The chit-chat threshold: a prior, moved by the queries that people judged at the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.params.query import QueryParams
from sunwi.query.chitchat import calibrate
from sunwi.search.fusion.priors import shrunk

Labels = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DevEvidence:
    """The dev dialogues, all arrays of shape [dialogues].

    Attributes
    ----------
    is_chitchat
        What the judges said of a judged dialogue; of any other, whether it has no relevant document.
    judged
        Whether people judged the dialogue at the desk.
    """

    probabilities: Probabilities
    is_chitchat: Labels
    judged: Labels


@dataclass(frozen=True, slots=True)
class Threshold:
    """The threshold, where it came from, and what the metrics show of the judged dialogues (empty: none)."""

    value: float
    source: str
    judged: dict[str, Any]


def choose_threshold(
    dev: DevEvidence, of_examples: float, params: QueryParams, prior_questions: int
) -> Threshold:
    """Threshold at or above which a turn is chit-chat.

    `params.chitchat_threshold` decides alone. Else the prior is the best threshold of the dev dialogues that
    came with the corpus, or of the committed examples where those dialogues are not of both kinds. The
    judged dialogues move it as people's questions move the weights of fusion: (n * fitted + k * prior) /
    (n + k). Judged dialogues of one kind alone fit nothing: they would put the threshold at an end.

    Parameters
    ----------
    prior_questions
        k, `fusion.prior_questions`.
    """
    given = ~dev.judged
    prior, source = of_examples, "examples"
    if params.chitchat_threshold is not None:
        prior, source = params.chitchat_threshold, "params"
    elif _both(dev.is_chitchat[given]):
        prior, source = calibrate(dev.probabilities[given], dev.is_chitchat[given]), "dev"
    count = int(dev.judged.sum())
    if not count:
        return Threshold(prior, source, {})
    probabilities, is_chitchat = dev.probabilities[dev.judged], dev.is_chitchat[dev.judged]
    usable = source != "params" and _both(is_chitchat)
    fitted = calibrate(probabilities, is_chitchat) if usable else None
    value = shrunk(prior, fitted, count, prior_questions).value if usable else prior

    def right(threshold: float) -> int:
        return int(((probabilities >= threshold) == is_chitchat).sum())

    return Threshold(
        value,
        "judged" if usable else source,
        {
            "queries": count,
            "chitchat": int(is_chitchat.sum()),
            "prior": prior,
            "prior_source": source,
            "fitted": fitted,
            "right_by_prior": right(prior),
            "right": right(value),
        },
    )


def _both(is_chitchat: Labels) -> bool:
    return bool(is_chitchat.any() and not is_chitchat.all())
