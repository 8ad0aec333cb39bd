"""The search pipeline over the vectors of an encode stage."""

from __future__ import annotations

import numpy as np

from sunwi.compute.choosing import engine_of
from sunwi.models.encoder import Encoder, Vectors
from sunwi.models.passage_vectors import Windows
from sunwi.params.bm25 import Bm25Params
from sunwi.params.dense import DenseParams
from sunwi.params.search import SearchParams
from sunwi.params.sentences import SentencesParams
from sunwi.paths import INDEX
from sunwi.runtime import cache_dir
from sunwi.search.index.sentence_store import load_sentences
from sunwi.search.index.store import load_vectors
from sunwi.search.index.windows import load_windows
from sunwi.search.pipeline import QuestionIndex, SearchPipeline, build_pipeline
from sunwi.search.retrievers.base import Retriever
from sunwi.search.retrievers.m3_lexical import M3LexicalRetriever
from sunwi.workspace.base import Workspace, loaded_once
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import EncoderSections, Which
from sunwi.workspace.questions import index_generators, index_questions, questions, searched_questions


class _Settings(EncoderSections):
    bm25: Bm25Params = Bm25Params()
    dense: DenseParams = DenseParams()
    search: SearchParams = SearchParams()
    sentences: SentencesParams = SentencesParams()


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


@loaded_once
def index_vectors(workspace: Workspace, which: Which) -> Vectors:
    """Vectors of the question index: of the kept questions, then of those for search alone."""
    path = workspace.path(INDEX) / which / "index_questions.npy"
    alone = load_vectors(path, len(index_questions(workspace)))
    kept = question_vectors(workspace, which)
    return np.concatenate([kept, alone]) if len(alone) else kept


def local_pipeline(workspace: Workspace, which: Which, lexical: Encoder | None = None) -> SearchPipeline:
    """BM25, dense, question index and, where `sentences.enabled`, sentences in this process.

    M3's term weights by `lexical`.
    """
    settings, corpus = workspace.params(_Settings), passages(workspace)
    indexed = searched_questions(workspace)
    index = QuestionIndex(
        index_vectors(workspace, which),
        [question.qid for question in indexed],
        [question.docid for question in indexed],
        [question.question for question in indexed],
        index_generators(workspace),
    )
    extra: list[Retriever] = []
    if lexical is not None:
        extra.append(M3LexicalRetriever(lexical, corpus.texts, settings.encoder))
    if settings.sentences.enabled:
        extra.append(load_sentences(workspace.path(INDEX) / which, len(corpus)))
    cache = cache_dir() / "indexes" if settings.search.keep_indexes else None
    return build_pipeline(
        corpus, passage_vectors(workspace, which), settings.bm25, index, settings.dense, extra, cache,
        engine_of(settings.compute), passage_windows(workspace, which),
    )  # fmt: skip
