from __future__ import annotations

from pathlib import Path

import pytest
from tests.small_project import write_project

from sunwi.records.corpus import Document


@pytest.fixture
def project(tmp_path: Path, tiny_corpus: list[Document]) -> Path:
    """Prepared, asked and understood; no vectors, no models."""
    return write_project(tmp_path / "project", tiny_corpus)
