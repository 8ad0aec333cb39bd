"""The prepared corpus."""

from __future__ import annotations

from sunwi.corpus.prepared import Prepared, load_prepared
from sunwi.paths import PREPARED
from sunwi.records.corpus import Document
from sunwi.records.files import iter_rows
from sunwi.search.passages import Passages
from sunwi.workspace.base import Workspace, loaded_once


@loaded_once
def prepared(workspace: Workspace) -> Prepared:
    """Every prepared table; the statistics are left empty."""
    return load_prepared(workspace.path(PREPARED))


@loaded_once
def passages(workspace: Workspace) -> Passages:
    """The prepared passages, by id."""
    return Passages.of(iter_rows(workspace.path(PREPARED) / "corpus.jsonl", Document))


@loaded_once
def passage_texts(workspace: Workspace) -> dict[str, str]:
    """Passage id to text."""
    return passages(workspace).text_of
