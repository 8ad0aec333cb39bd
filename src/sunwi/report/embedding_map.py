"""Questions on a plane by t-SNE: where evaluation lies beside what the models were trained on."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sunwi.records.failures import AugmentedFailure
from sunwi.records.questions import Question
from sunwi.records.submissions import UnderstoodQuery

if TYPE_CHECKING:
    from sunwi.models.encoder import Vectors

COLUMNS = ("kind", "id", "x", "y", "failed", "text")
EVALUATION = "evaluation"
Group = tuple[Sequence[str], Sequence[str], "Vectors"]  # ids, texts, unit vectors [rows, dimensions]


def question_groups(
    understood: Sequence[UnderstoodQuery],
    labelled: tuple[Sequence[Question], Vectors],
    augmented: Sequence[AugmentedFailure],
    encode: Callable[[list[str]], Vectors],
) -> dict[str, Group]:
    """What the map shows: evaluation queries that are searched for, synthetic questions, augmented failures.

    Parameters
    ----------
    asked
        The synthetic questions with their vectors.
    encode
        Texts to unit vectors, shape [texts, dimensions], as queries.
    """
    sought = [query for query in understood if query.needs_retrieval]
    questions, vectors = labelled

    def group(ids: list[str], texts: list[str]) -> Group:
        return ids, texts, encode(texts)

    return {
        EVALUATION: group([query.qid for query in sought], [query.standalone_query for query in sought]),
        "synthetic": ([row.qid for row in questions], [row.question for row in questions], vectors),
        "augmented": group([row.qid for row in augmented], [row.query for row in augmented]),
    }


def embedding_map(
    groups: Mapping[str, Group], failed: Collection[str], limit: int, perplexity: float, seed: int
) -> list[dict[str, str | float]]:
    """Lay questions out so that near vectors stay near (van der Maaten & Hinton 2008).

    Parameters
    ----------
    groups
        Kind (`evaluation`, `synthetic`, ...) to its questions; every kind but evaluation is sampled down to
        `limit` by the seed.
    failed
        Ids of the evaluation queries that fail in the headline variant.
    perplexity
        Lowered to a third of the points where there are few.

    Returns
    -------
    list of dict
        Rows of `COLUMNS`, by kind and in the order given. Coordinates are rounded to two decimals and only
        their neighbourhoods mean something. Empty with fewer than five questions.
    """
    chosen: list[tuple[str, str, str]] = []
    vectors = []
    for kind in sorted(groups):
        ids, texts, rows = groups[kind]
        if not ids:
            continue
        rows_shown = range(len(ids)) if kind == EVALUATION else _sample(len(ids), limit, seed)
        chosen += [(kind, ids[row], texts[row]) for row in rows_shown]
        vectors.append(np.asarray(rows, dtype=np.float32)[list(rows_shown)])
    if len(chosen) < 5:
        return []
    points = _project(np.concatenate(vectors), perplexity, seed)
    return [
        {
            "kind": kind,
            "id": name,
            "x": round(float(x), 2) + 0.0,  # no negative zero
            "y": round(float(y), 2) + 0.0,
            "failed": int(kind == EVALUATION and name in failed),
            "text": text,
        }
        for (kind, name, text), (x, y) in zip(chosen, points, strict=True)
    ]


def _sample(count: int, limit: int, seed: int) -> list[int]:
    return sorted(random.Random(seed).sample(range(count), min(limit, count)))


def _project(vectors: np.ndarray, perplexity: float, seed: int) -> np.ndarray:
    """t-SNE on one thread: the gradient's sums depend on the number of threads in their low bits."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        fitted = TSNE(
            n_components=2,
            perplexity=min(perplexity, (len(vectors) - 1) / 3),
            init="pca",  # keeps the coarse arrangement (Kobak & Berens 2019)
            learning_rate="auto",
            random_state=seed,
            n_jobs=1,
        )
        points: np.ndarray = fitted.fit_transform(vectors)
    return points
