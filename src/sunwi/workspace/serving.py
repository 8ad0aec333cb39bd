"""The search pipeline where `search.engine` says: in this process, or on a server."""

from __future__ import annotations

from sunwi.models.encoder import Encoder
from sunwi.params.bm25 import Bm25Params
from sunwi.params.reading import Sections
from sunwi.params.search import SearchParams
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.servers.index import Expansion
from sunwi.search.servers.pipeline import on_server
from sunwi.workspace.base import Workspace
from sunwi.workspace.encoders import Which
from sunwi.workspace.questions import searched_questions
from sunwi.workspace.retrieval import local_pipeline, passage_vectors, passage_windows


class _Settings(Sections):
    bm25: Bm25Params = Bm25Params()
    search: SearchParams = SearchParams()


def serving_pipeline(workspace: Workspace, which: Which, lexical: Encoder | None = None) -> SearchPipeline:
    """`local_pipeline`, with BM25 and dense search on the server that `search.engine` names."""
    local, settings = local_pipeline(workspace, which, lexical), workspace.params(_Settings)
    if settings.search.engine == "local":
        return local
    return on_server(
        which, local, settings.search, settings.bm25, passage_vectors(workspace, which),
        expansion=expansion(workspace), windows=passage_windows(workspace, which),
    )  # fmt: skip


def expansion(workspace: Workspace) -> Expansion | None:
    """The questions that passages are indexed with; None without `bm25.expand`."""
    if not workspace.params(_Settings).bm25.expand:
        return None
    indexed = searched_questions(workspace)
    return Expansion([q.question for q in indexed], [q.qid for q in indexed], [q.docid for q in indexed])
