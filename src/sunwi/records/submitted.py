"""The submitted documents of a variant."""

from __future__ import annotations

from pathlib import Path

from sunwi.records.files import read_rows
from sunwi.records.submissions import SubmissionRow


def read_topk(path: Path) -> dict[str, list[str]]:
    """Query id to its documents, from a submission's JSON lines."""
    return {str(row.eval_id): row.topk for row in read_rows(path, SubmissionRow)}
