"""The bi-encoders: the base and the promoted one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from sunwi.compute.choosing import engine_of
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.bm25 import Bm25Params
from sunwi.params.compute import ComputeParams
from sunwi.params.encoder import EncoderParams
from sunwi.params.reading import Sections
from sunwi.paths import EMBEDDER
from sunwi.search.passages import QueryBatch, make_queries
from sunwi.workspace.base import Workspace, loaded_once

if TYPE_CHECKING:
    from sunwi.search.labelled import LabelledQuestion

Which = Literal["base", "promoted"]


class EncoderSections(Sections):
    """How an encoder runs."""

    encoder: EncoderParams = EncoderParams()
    compute: ComputeParams = ComputeParams()


class _QuerySettings(EncoderSections):
    bm25: Bm25Params = Bm25Params()


@loaded_once
def encoder(workspace: Workspace, which: Which) -> Encoder:
    """The base encoder or the promoted one; weights are loaded at the first row that is not cached."""
    settings = workspace.params(EncoderSections)
    spec = settings.encoder.model if which == "base" else str(workspace.path(EMBEDDER))
    return Encoder.of(resolve(spec), settings.encoder, engine_of(settings.compute))


def query_batch(
    workspace: Workspace, model: Encoder, qids: Sequence[str], texts: Sequence[str]
) -> QueryBatch:
    """Ids and texts, analysed and encoded."""
    settings = workspace.params(_QuerySettings)
    return make_queries(qids, texts, model, settings.encoder.query_max_length, settings.bm25.tokenizer)


def labelled_batch(workspace: Workspace, model: Encoder, labels: Sequence[LabelledQuestion]) -> QueryBatch:
    """Labelled questions, analysed and encoded."""
    return query_batch(workspace, model, [label.qid for label in labels], [label.text for label in labels])
