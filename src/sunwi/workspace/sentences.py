"""The corpus's sentences, where search uses them."""

from __future__ import annotations

from sunwi.models.encoder import Encoder
from sunwi.params.sentences import SentencesParams
from sunwi.paths import INDEX
from sunwi.search.index.sentence_store import save_sentences
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import EncoderSections, Which


class _Settings(EncoderSections):
    sentences: SentencesParams = SentencesParams()


def write_sentences(workspace: Workspace, which: Which, model: Encoder) -> None:
    """Vectors of every sentence beside those of the passages; nothing where `sentences.enabled` is false."""
    settings = workspace.params(_Settings)
    if settings.sentences.enabled:
        folder = workspace.path(INDEX) / which
        save_sentences(folder, passages(workspace).texts, model, settings.encoder.max_length)
