"""One query's scores over a whole corpus of which a server told the best ones and the moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean, standard deviation and least of one query's scores over all passages."""

    mean: float
    spread: float
    least: float

    @classmethod
    def of_matches(cls, total: float, squares: float, matches: int, least: float, passages: int) -> Moments:
        """From the sums over the passages that match; all others score 0.

        Examples
        --------
        >>> Moments.of_matches(total=4.0, squares=8.0, matches=2, least=2.0, passages=4)
        Moments(mean=1.0, spread=1.0, least=0.0)
        """
        mean = total / passages
        spread = max(0.0, squares / passages - mean * mean) ** 0.5
        return cls(mean, spread, least if matches == passages else 0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """Passages of one query with their scores; `cut` where the server may have more than it gave."""

    positions: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    cut: bool = False
    moments: Moments | None = None

    def joined(self, more: Found) -> Found:
        """With passages that were scored apart: then nothing is cut."""
        positions = np.concatenate([self.positions, more.positions])
        return Found(positions, np.concatenate([self.scores, more.scores]))


def filled(
    best: Found, others: Found | None, passages: int, own: Found | None = None
) -> npt.NDArray[np.float32]:
    """Scores of all passages, shape [passages].

    Of an answer that is not cut, what it does not name scores 0. Else what neither `best` nor `others` names
    stands in for the rest: one passage has the least score, the others one of two values, none above the
    last of `best`, so that mean and standard deviation of the row are the corpus's own. A fusion that
    normalises by these moments or by least and largest then gives the known passages their exact scores.
    Without moments all of them stand just below the last of `best`: only ranks mean something. Scores of
    `own` stand in place of the server's.

    Examples
    --------
    >>> import numpy as np
    >>> best = Found(np.array([4, 1]), np.array([9, 8], np.float32), True, Moments(5.0, 3.0, 0.0))
    >>> row = filled(best, None, 6)
    >>> [round(float(x), 4) for x in (row.mean(), row.std(), row.min(), row[4], row[1])]
    [5.0, 3.0, 0.0, 9.0, 8.0]
    """
    scores = np.zeros(passages, dtype=np.float32)
    known = np.zeros(passages, dtype=bool)
    for found in (best, others, own):
        if found is not None:
            scores[found.positions] = found.scores
            known[found.positions] = True
    unknown = np.flatnonzero(~known)
    if not best.cut or not len(unknown):
        return scores
    ceiling = float(np.nextafter(best.scores.min(), np.float32(-np.inf)))
    if best.moments is None:
        scores[unknown] = ceiling
        return scores
    scores[unknown] = _stand_ins(scores[known].astype(np.float64), len(unknown), best.moments, ceiling)
    return scores


def _stand_ins(
    known: npt.NDArray[np.float64], count: int, moments: Moments, ceiling: float
) -> npt.NDArray[np.float64]:
    """Scores of the unknown passages, ascending in nothing: the largest ones first."""
    size = len(known) + count
    total = size * moments.mean - known.sum()
    squares = size * (moments.spread**2 + moments.mean**2) - (known**2).sum()
    least: list[float] = []
    if count > 2 and known.min() > moments.least:
        least, count = [moments.least], count - 1
        total, squares = total - moments.least, squares - moments.least**2
    mean = min(total / count, ceiling)
    variance = max(0.0, squares / count - mean * mean)
    if count < 2 or variance == 0.0:
        return np.array([mean] * count + least)
    share = variance / (variance + (ceiling - mean) ** 2)  # of the larger value, where it is the ceiling
    larger = min(count - 1, max(1, int(np.ceil(share * count))))
    share = larger / count
    above = mean + (variance * (1 - share) / share) ** 0.5
    below = mean - (variance * share / (1 - share)) ** 0.5
    return np.array([min(above, ceiling)] * larger + [below] * (count - larger) + least)
