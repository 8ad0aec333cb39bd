"""The passages of the documents that the stage `read` wrote."""

from __future__ import annotations

from collections import Counter

from sunwi.documents.blocks import ReadDocument
from sunwi.documents.passages.cutting import PassageSettings, cut_documents
from sunwi.params.corpus import CorpusParams
from sunwi.paths import READ
from sunwi.records.corpus import Document
from sunwi.records.files import iter_rows
from sunwi.workspace.base import Workspace


def passage_settings(params: CorpusParams) -> PassageSettings:
    """How the parameters have documents cut."""
    return PassageSettings(params.passage_tokens, params.overlap_sentences, params.passage_title)


def document_passages(workspace: Workspace, params: CorpusParams) -> tuple[list[Document], Counter[str]]:
    """Passages in reading order, and how often a rule could not be kept (`cut_documents`).

    Where no document was read there is none, and no tokenizer is loaded.
    """
    path = workspace.path(READ) / "documents.jsonl"
    documents = list(iter_rows(path, ReadDocument)) if path.exists() else []
    if not documents:
        return [], Counter()
    from sunwi.models.token_counts import token_counter

    counted: Counter[str] = Counter()
    count = token_counter(params.tokenizer)
    return list(cut_documents(documents, passage_settings(params), count, counted)), +counted
