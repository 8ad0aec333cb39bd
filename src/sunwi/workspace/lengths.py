"""What is longer than an encoder reads at once, of passages and questions, for people and for the metrics."""

from __future__ import annotations

from typing import Any

from sunwi.models.passage_vectors import told
from sunwi.models.windows import Reading
from sunwi.params.encoder import EncoderParams


def lines_on_length(passages: Reading, questions: Reading, limits: EncoderParams) -> list[str]:
    """A line for each kind of texts of which some are longer."""
    lines = (
        told(passages, "passages", "encoder.max_length", limits.windows),
        told(questions, "questions", "encoder.query_max_length", windows=False),
    )
    return [line for line in lines if line is not None]


def facts_of_length(passages: Reading, questions: Reading, limits: EncoderParams) -> dict[str, Any]:
    """Counts of tokens, longer texts and windows."""
    windows = {"windows": len(passages.pieces) if limits.windows else 0}
    return {"passages": {**passages.facts(), **windows}, "questions": questions.facts()}
