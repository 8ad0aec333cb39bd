"""How far judges agree: Cohen's kappa for two, Krippendorff's alpha for all, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.judging.records import JudgementLine, Pair

Grades = npt.NDArray[np.float64]  # [judges, pairs], NaN where a judge gave no grade
SAMPLES = 1000
GRADES = 4  # 0 to 3


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient with its 95% bootstrap interval; None where it is not defined, as for constant grades."""

    judges: tuple[str, ...]
    pairs: int
    value: float | None
    low: float | None
    high: float | None

    def sentence(self, name: str) -> str:
        """The coefficient by its name, with its interval and the number of pairs."""
        who = ", ".join(self.judges)
        if self.value is None or self.low is None or self.high is None:
            return f"{name} of {who}: not defined for {self.pairs} pairs that two judges graded"
        return f"{name} of {who}: {self.value:.3f} [{self.low:.3f}, {self.high:.3f}] on {self.pairs} pairs"


def agreement(
    held: Mapping[str, Mapping[Pair, JudgementLine]], seed: int, samples: int = SAMPLES
) -> dict[str, Any]:
    """`cohen` for every two judges (quadratic weights) and `krippendorff` (ordinal) over all.

    Only pairs with the grades of two judges count. Queries are drawn, not pairs, for the interval: a query's
    pairs are not independent.
    """
    judges = sorted(held)
    graded = {
        judge: {pair: float(line.grade) for pair, line in held[judge].items() if line.grade is not None}
        for judge in judges
    }
    cohen = [_between(two, graded, _cohen, seed, samples) for two in combinations(judges, 2)]
    everybody = _between(tuple(judges), graded, _krippendorff, seed, samples)
    return {"cohen": [one for one in cohen if one.pairs], "krippendorff": everybody}


def kappa(
    first: Mapping[Pair, int],
    second: Mapping[Pair, int],
    names: tuple[str, str],
    seed: int,
    samples: int = SAMPLES,
) -> Agreement:
    """Cohen's kappa (quadratic weights) of two judges over the pairs that both graded, with its interval."""
    graded = {
        name: {pair: float(grade) for pair, grade in grades.items()}
        for name, grades in zip(names, (first, second), strict=True)
    }
    return _between(names, graded, _cohen, seed, samples)


def _between(
    judges: tuple[str, ...],
    graded: Mapping[str, Mapping[Pair, float]],
    coefficient: Callable[[Grades], float | None],
    seed: int,
    samples: int,
) -> Agreement:
    counts: dict[Pair, int] = {}
    for judge in judges:
        for pair in graded[judge]:
            counts[pair] = counts.get(pair, 0) + 1
    pairs = sorted(pair for pair, count in counts.items() if count > 1)
    if not pairs:
        return Agreement(judges, 0, None, None, None)
    grades = np.array([[graded[judge].get(pair, np.nan) for pair in pairs] for judge in judges])
    columns: dict[tuple[str, str], list[int]] = {}
    for column, pair in enumerate(pairs):
        columns.setdefault(pair[:2], []).append(column)
    queries, random = list(columns.values()), np.random.default_rng(seed)
    drawn = []
    for _ in range(samples):
        chosen = [column for at in random.integers(len(queries), size=len(queries)) for column in queries[at]]
        if (value := coefficient(grades[:, chosen])) is not None:
            drawn.append(value)
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist() if drawn else (None, None)
    return Agreement(judges, len(pairs), coefficient(grades), low, high)


def _cohen(grades: Grades) -> float | None:
    """1 - sum(w O) / sum(w E), w = (i - j)^2 (Cohen 1968), of a bootstrap's thousands of samples.

    scikit-learn's cohen_kappa_score gives the same in a hundred times the time.
    """
    cells = (GRADES * grades[0] + grades[1]).astype(np.int64)
    observed = np.bincount(cells, minlength=GRADES**2).reshape(GRADES, GRADES)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    weights = np.subtract.outer(np.arange(GRADES), np.arange(GRADES)) ** 2
    disagreement = (weights * expected).sum()
    return float(1 - (weights * observed).sum() / disagreement) if disagreement else None


def _krippendorff(grades: Grades) -> float | None:
    import krippendorff

    values: Sequence[float] = np.unique(grades[~np.isnan(grades)]).tolist()
    if len(values) < 2:
        return None
    return float(krippendorff.alpha(grades, level_of_measurement="ordinal", value_domain=list(range(GRADES))))
