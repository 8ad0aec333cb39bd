"""The search pipeline over the vectors of an encode stage."""

from __future__ import annotations

from sunwi.compute.choosing import engine_of
from sunwi.models.encoder import Encoder, Vectors
from sunwi.models.passage_vectors import Windows
from sunwi.params.bm25 import Bm25Params
from sunwi.params.dense import DenseParams
from sunwi.params.search import SearchParams
from sunwi.paths import INDEX
from sunwi.runtime import cache_dir
from sunwi.search.index.store import load_vectors
from sunwi.search.index.windows import load_windows
from sunwi.search.pipeline import SearchPipeline, build_pipeline
from sunwi.search.retrievers.m3_lexical import M3LexicalRetriever
from sunwi.workspace.base import Workspace, loaded_once
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import EncoderSections, Which
from sunwi.workspace.questions import questions


class _Settings(EncoderSections):
    bm25: Bm25Params = Bm25Params()
    dense: DenseParams = DenseParams()
    search: SearchParams = SearchParams()


@loaded_once
def passage_vectors(workspace: Workspace, which: Which) -> Vectors:
    """Vectors of the passages, [passages, dimensions]."""
    return load_vectors(workspace.path(INDEX) / which / "corpus.npy", len(passages(workspace)))


@loaded_once
def passage_windows(workspace: Workspace, which: Which) -> Windows | None:
    """Windows behind the start of long passages; None where there is no long one."""
    return load_windows(workspace.path(INDEX) / which, len(passages(workspace)))


@loaded_once
def server_vectors(workspace: Workspace, which: Which) -> Vectors:
    """What a server's index holds of each passage: one vector, of a long passage the mean of its windows'."""
    vectors, windows = passage_vectors(workspace, which), passage_windows(workspace, which)
    return vectors if windows is None else windows.mean(vectors)


@loaded_once
def question_vectors(workspace: Workspace, which: Which) -> Vectors:
    """Vectors of the kept questions, [questions, dimensions]."""
    return load_vectors(workspace.path(INDEX) / which / "questions.npy", len(questions(workspace)))


def local_pipeline(workspace: Workspace, which: Which, lexical: Encoder | None = None) -> SearchPipeline:
    """BM25, dense and question index in this process; M3's term weights by `lexical`."""
    settings, kept_questions, corpus = workspace.params(_Settings), questions(workspace), passages(workspace)
    index = (
        question_vectors(workspace, which),
        [question.qid for question in kept_questions],
        [question.docid for question in kept_questions],
    )
    texts = [question.question for question in kept_questions]
    lengths = (settings.encoder.query_max_length, settings.encoder.max_length)
    extra = [M3LexicalRetriever(lexical, corpus.texts, *lengths)] if lexical is not None else []
    cache = cache_dir() / "indexes" if settings.search.keep_indexes else None
    return build_pipeline(
        corpus, passage_vectors(workspace, which), settings.bm25, index, settings.dense, texts, extra, cache,
        engine_of(settings.compute), passage_windows(workspace, which),
    )  # fmt: skip
