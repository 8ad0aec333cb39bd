"""Is a gain real: bootstrap intervals, a paired randomisation test, and Holm's correction."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError

Floats = npt.NDArray[np.float64]

EXACT_UP_TO = 16  # non-zero differences: 2^16 sign vectors are fewer than the usual number of draws
_CHUNK = 1 << 20  # numbers in a working array: 8 MB each, whatever the number of queries and draws
_ALIKE = 1e-9  # relative; sums of the same numbers in another order differ by less


def bca_intervals(values: Floats, confidence: float, resamples: int, seed: int) -> Floats:
    """Bias-corrected and accelerated bootstrap intervals of column means (Efron 1987).

    All columns see the same resampled queries, so columns of one call are paired; the interval of a paired
    difference is that of a column of differences. Sums are made of whole numbers below 2^53 and are thereby
    exact: neither the number of threads nor the BLAS kernel can change a bit.

    Parameters
    ----------
    values
        Shape [queries, columns], finite.
    confidence
        Coverage, between 0 and 1.
    resamples
        Number of bootstrap samples.

    Returns
    -------
    numpy.ndarray
        Shape [columns, 2]: lower and upper limit. A column whose values are all equal has that value twice.

    Raises
    ------
    DataError
        If there is no query or a value is not finite.
    """
    queries, columns = values.shape
    _check(values)
    grid, exponents = _exact_grid(values)
    totals = _resampled_totals(grid, resamples, np.random.Generator(np.random.PCG64(seed)))
    limits = np.empty((columns, 2))
    for column in range(columns):
        if np.ptp(grid[:, column]) == 0:
            limits[column] = values[0, column]
            continue
        levels = _bca_levels(grid[:, column], totals[:, column], confidence)
        quantiles = np.quantile(totals[:, column], levels)
        limits[column] = np.ldexp(quantiles, -exponents[column]) / queries
    return limits


def _check(values: Floats) -> None:
    if not values.size:
        raise DataError("there is no query to resample", "measure at least one query")
    if not np.isfinite(values).all():
        raise DataError("a measured value is not finite", "check the scores of the run")


def _exact_grid(values: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Values times a power of two a column, rounded, so that any sum of as many stays below 2^53."""
    _, magnitude = np.frexp(np.abs(values).max(axis=0) * len(values))
    exponents = 52 - magnitude.astype(np.int64)
    return np.rint(np.ldexp(values, exponents)), exponents


def _resampled_totals(grid: Floats, resamples: int, generator: np.random.Generator) -> Floats:
    """Column sums of each bootstrap sample, shape [resamples, columns]."""
    queries = len(grid)
    totals = np.empty((resamples, grid.shape[1]))
    rows = max(1, _CHUNK // queries)
    for start in range(0, resamples, rows):
        stop = min(start + rows, resamples)
        drawn = generator.integers(0, queries, size=(stop - start, queries))
        drawn += queries * np.arange(stop - start)[:, None]  # each sample counts in a range of its own
        counts = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
        totals[start:stop] = counts.astype(np.float64) @ grid
    return totals


def _bca_levels(sample: Floats, totals: Floats, confidence: float) -> list[float]:
    """The two levels at which the bootstrap distribution is read (Efron & Tibshirani 1993, eq. 14.10)."""
    normal = NormalDist()
    observed = sample.sum()
    # Rounding to the grid moves a sum by at most half a unit a value.
    tied = np.count_nonzero(np.abs(totals - observed) <= len(sample))
    below = np.count_nonzero(totals < observed - len(sample))
    share = (below + tied / 2) / len(totals)
    # With few resamples all may lie on one side; half a resample keeps the quantile of the normal finite.
    bias = normal.inv_cdf(min(max(share, 0.5 / len(totals)), 1 - 0.5 / len(totals)))
    # Jackknife: with value i the mean is (value i - mean) / (queries - 1) above that without it.
    influence = (sample - observed / len(sample)) / np.ptp(sample)
    acceleration = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    levels = []
    for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
        shifted = bias + normal.inv_cdf(tail)
        # Beyond 1 / acceleration the formula has no meaning; its limit there is the end of the distribution.
        levels.append(normal.cdf(bias + shifted / max(1 - acceleration * shifted, 1e-12)))
    return levels


def paired_randomisation(differences: Floats, draws: int, seed: int) -> float:
    """Two-sided p-value of the paired randomisation test on a mean difference (Fisher 1935; Smucker 2007).

    Under the null hypothesis each query's difference has either sign with equal chance. All sign vectors are
    tried when at most `EXACT_UP_TO` differences are not zero; otherwise `draws` vectors are drawn and the
    observed one is counted with them, (b + 1) / (draws + 1), so that p is never 0 (Phipson & Smyth 2010).

    Parameters
    ----------
    differences
        Shape [queries]: one variant's value less the other's.

    Raises
    ------
    DataError
        If there is no query or a value is not finite.
    """
    _check(differences)
    moved = differences[np.abs(differences) > 1e-12]  # a zero difference has the same sum with either sign
    if not len(moved):
        return 1.0
    total = moved.sum()
    reach = abs(total) - _ALIKE * np.abs(moved).sum()
    if len(moved) <= EXACT_UP_TO:
        sums = total - 2 * _subset_sums(moved[:, None])[0]
        return float(np.count_nonzero(np.abs(sums) >= reach) / len(sums))
    extreme = _extreme_draws(moved, reach, draws, np.random.Generator(np.random.PCG64(seed)))
    return (extreme + 1) / (draws + 1)


def _extreme_draws(moved: Floats, reach: float, draws: int, generator: np.random.Generator) -> int:
    """Number of drawn sign vectors whose sum is at least as far from 0 as `reach`.

    A random byte decides the signs of eight differences; what they add is looked up.
    """
    groups = -(-len(moved) // 8)
    padded = np.zeros(groups * 8)
    padded[: len(moved)] = moved
    flipped = _subset_sums(padded.reshape(groups, 8).T)  # [groups, 256]
    total, extreme = moved.sum(), 0
    rows = max(1, _CHUNK // groups)
    for start in range(0, draws, rows):
        size = (min(rows, draws - start), groups)
        chosen = generator.integers(0, 256, size=size, dtype=np.uint8)
        sums = total - 2 * flipped[np.arange(groups), chosen].sum(axis=1)
        extreme += int(np.count_nonzero(np.abs(sums) >= reach))
    return extreme


def _subset_sums(terms: Floats) -> Floats:
    """Sums of every subset of each column of `terms`, shape [columns, 2^len(terms)]."""
    sums = np.zeros((terms.shape[1], 1))
    for term in terms:
        sums = np.concatenate([sums, sums + term[:, None]], axis=1)
    return sums


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down adjustment (Holm 1979): the family-wise error of all these comparisons is held.

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    adjusted: dict[str, float] = {}
    floor = 0.0
    for step, name in enumerate(sorted(p_values, key=lambda name: (p_values[name], name))):
        floor = max(floor, min(1.0, (len(p_values) - step) * p_values[name]))
        adjusted[name] = floor
    return {name: adjusted[name] for name in p_values}
