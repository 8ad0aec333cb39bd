"""The linear ranker: a weight for each feature, or the reason why the fused order stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sunwi.search.learned.features import Floats


@dataclass(frozen=True, slots=True)
class LinearRanker:
    """score(q, d) = sum over features of weight * value.

    Attributes
    ----------
    weights
        Feature to weight, per unit of the feature; empty: not used.
    depth
        Candidates that are re-ordered.
    window
        Terms of the window in the features.
    reason
        Why it is used, or why not.
    """

    weights: Mapping[str, float]
    depth: int
    window: int
    reason: str

    @property
    def used(self) -> bool:
        """Whether it orders anything."""
        return bool(self.weights)

    def scores(self, features: Floats, names: Sequence[str]) -> Floats:
        """Scores of the candidates, shape [candidates].

        Parameters
        ----------
        features
            Shape [candidates, features], columns by `names`.
        """
        return np.asarray(features @ np.array([self.weights.get(name, 0.0) for name in names]))

    def as_json(self) -> dict[str, Any]:
        """What the file holds."""
        return {
            "weights": dict(sorted(self.weights.items())),
            "depth": self.depth,
            "window": self.window,
            "reason": self.reason,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> LinearRanker:
        """A ranker as `as_json` gave it."""
        return cls(stored["weights"], stored["depth"], stored["window"], stored["reason"])
