"""Section learning_to_rank."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt

from sunwi.params.section import Level, Name, Section


class LearningToRankParams(Section):
    """A linear ranker over what the retrievers know, on people's dev questions; for rerank: learned."""

    enabled: bool = True
    """Whether the ranker is fitted where there are questions enough."""
    min_questions: PositiveInt = 100
    """People's dev questions with an answer among the candidates; with fewer the fused order stays."""
    human_sources: list[Name] = ["human"]
    """Sources of given questions that people wrote; `sunwi import squad` writes human."""
    depth: PositiveInt = 10
    """Documents of a ranking that are re-ordered."""
    window: PositiveInt = 40
    """Terms of the window in which a passage matches best."""
    regularisation: PositiveFloat = 1.0
    """Inverse strength of the L2 penalty (C of logistic regression) on standardised features."""
    folds: int = Field(default=5, ge=2)
    """Parts of the documents: each part is ranked by the ranker of the others, and judges it."""
    alpha: Level = 0.05
    """Significance level of the paired test that admits the ranker."""
