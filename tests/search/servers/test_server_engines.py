"""Index building and search on real servers: OpenSearch 2.19, Elasticsearch 8.19 and 9.1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sunwi.errors import EngineError
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.params.bm25 import Bm25Params
from sunwi.params.search import SearchParams
from sunwi.records.corpus import Document
from sunwi.search.index.bm25 import Bm25, index_terms
from sunwi.search.index.terms import BIGRAM
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.servers.index import SparseField, build_index, check_version, pick_analyzer
from sunwi.search.servers.publish import aliased
from sunwi.search.servers.retrievers import EngineRetriever, engine_retrievers, lexical_query
from sunwi.search.servers.server import ask

from .conftest import INDEX

QUESTIONS = ["빛으로 포도당을 만드는 식물", "지각판이 움직이면 땅이 흔들리나", "헤모글로빈과 산소", "용암"]
PLAIN = Bm25Params()


def batch(vectors: np.ndarray) -> QueryBatch:
    return QueryBatch(
        [f"q{n}" for n in range(len(QUESTIONS))], QUESTIONS, index_terms(QUESTIONS, "kiwi"), vectors
    )


@pytest.mark.parametrize(
    "bm25",
    [
        Bm25Params(tokenizer="kiwi"),
        Bm25Params(tokenizer="kiwi+bigram"),
        Bm25Params(tokenizer="kiwi+bigram", bigram_weight=1.0),
    ],
)
def test_bm25_ranks_as_the_local_engine_does(bm25, scoring, passages, unit_vectors, search_params) -> None:
    server, dialect = scoring
    built = build_index(server, dialect, passages, search_params, bm25)
    retriever = engine_retrievers(
        server, dialect, built, passages, len(passages), dense=False, bigram_weight=bm25.bigram_weight
    )[0]
    asked = index_terms(QUESTIONS, bm25.tokenizer)
    found = retriever.scores(replace(batch(unit_vectors[: len(QUESTIONS)]), terms=asked))
    local = Bm25(index_terms(passages.texts, bm25.tokenizer), bm25)
    for row, terms in zip(found, asked, strict=True):
        expected = local.scores(terms)
        assert (row > 0).tolist() == (expected > 0).tolist()
        # Elasticsearch and OpenSearch 2 have Lucene's old factor k1 + 1; ranks do not change
        np.testing.assert_allclose(row, expected * (bm25.k1 + 1), rtol=2e-3)


def test_a_query_of_bigrams_alone_and_one_without_terms() -> None:
    pair = f"{BIGRAM}가나"
    assert lexical_query([], 0.2) is None
    only = {"match": {"terms": {"query": pair, "boost": 0.2}}}
    assert lexical_query([pair], 0.2) == {"query": only}
    words = {"match": {"terms": {"query": "땅 땅", "boost": 1.0}}}  # a term counts as often as it stands
    assert lexical_query(["땅", pair, "땅"], 0.2) == {"query": {"bool": {"should": [words, only]}}}


def test_dense_is_exact_for_a_small_index(scoring, passages, unit_vectors, search_params) -> None:
    server, dialect = scoring
    built = build_index(server, dialect, passages, search_params, PLAIN, vectors=unit_vectors)
    retriever = engine_retrievers(server, dialect, built, passages, len(passages))[1]
    queries = unit_vectors[: len(QUESTIONS)]
    found = retriever.scores(batch(queries))
    expected = (1 + queries.astype(np.float32) @ unit_vectors.astype(np.float32).T) / 2
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_sparse_is_the_dot_product(scoring, passages, search_params) -> None:
    server, dialect = scoring
    weights = np.random.default_rng(1).random((len(passages), 4)).astype(np.float32)
    field = SparseField(SparseVectors.of(weights), ["빛", "물", "산소", "땅"])
    built = build_index(server, dialect, passages, search_params, PLAIN, sparse=field)

    def body(queries, row):
        return dialect.sparse_query({"빛": 2.0, "땅": 1.0})

    retriever = EngineRetriever("sparse", server, built.alias, passages, len(passages), body)
    found = retriever.scores(batch(np.zeros((len(QUESTIONS), 2))))
    # Lucene keeps 9 bits of a weight
    np.testing.assert_allclose(found[0], weights @ np.array([2, 0, 0, 1]), rtol=1e-2)


def test_what_lies_below_the_depth_stands_below_the_last_hit(
    scoring, passages, unit_vectors, search_params
) -> None:
    server, dialect = scoring
    built = build_index(server, dialect, passages, search_params, PLAIN, vectors=unit_vectors)
    retriever = engine_retrievers(server, dialect, built, passages, 3)[1]
    found = retriever.scores(batch(unit_vectors[: len(QUESTIONS)]))
    for row in found:
        best = np.sort(row)[::-1]
        assert best[2] > best[3]
        assert (best[3:] == best[3]).all()


def test_a_second_build_of_the_same_corpus_sends_nothing(connection, passages, search_params) -> None:
    server, dialect = connection
    first = build_index(server, dialect, passages, search_params, PLAIN)
    assert first.report is not None
    assert (first.report.indexed, first.report.failed) == (len(passages), {})
    second = build_index(server, dialect, passages, search_params, PLAIN)
    assert (second.name, second.report) == (first.name, None)


def test_the_alias_moves_and_the_old_index_goes(connection, passages, search_params, tiny_corpus) -> None:
    server, dialect = connection
    old = build_index(server, dialect, passages, search_params, PLAIN)
    fewer = Passages.of(tiny_corpus[:4])
    new = build_index(server, dialect, fewer, search_params, PLAIN)
    assert new.name != old.name
    assert aliased(server, INDEX) == [new.name]
    assert server.send("HEAD", f"/{old.name}").status == 404
    assert ask(server, "GET", f"/{INDEX}/_count")["count"] == 4


def test_a_refused_document_is_named_and_the_alias_stays(connection, passages, search_params) -> None:
    server, dialect = connection
    old = build_index(server, dialect, passages, search_params, PLAIN)
    other = Passages.of([Document(docid="new", content="새 글")])
    strange = replace(other, docids=["x" * 600])  # an id has 512 bytes at most
    with pytest.raises(EngineError, match=r"0 of 1 documents are in the index|refused with status 400"):
        build_index(server, dialect, strange, search_params, PLAIN)
    assert aliased(server, INDEX) == [old.name]


def test_nori_is_used_where_it_is_asked_for_and_missed_where_it_is_absent(connection) -> None:
    server, _ = connection
    has_nori = server.send("POST", "/_analyze", {"tokenizer": "nori_tokenizer", "text": "검색"}).status == 200
    assert pick_analyzer(server, "auto") == "terms"
    if has_nori:
        assert pick_analyzer(server, "nori") == "nori"
    else:
        with pytest.raises(EngineError, match="analysis-nori is absent"):
            pick_analyzer(server, "nori")


def test_a_version_that_is_too_old_is_refused(connection) -> None:
    server, dialect = connection
    dialect.minimum = (99, 0)
    with pytest.raises(EngineError, match=r"is too old. Next: use 99.0"):
        check_version(server, dialect)


def test_an_index_of_the_aliass_name_is_in_the_way(connection, passages, search_params) -> None:
    server, dialect = connection
    ask(server, "PUT", f"/{INDEX}-other", {})
    try:
        with pytest.raises(EngineError, match="no alias can have this name"):
            build_index(
                server, dialect, passages, SearchParams(index=f"{INDEX}-other", analyzer="terms"), PLAIN
            )
    finally:
        server.send("DELETE", f"/{INDEX}-other")


def test_a_query_against_an_index_that_is_not_there_says_so(connection) -> None:
    server, _ = connection
    with pytest.raises(EngineError, match=r"refused with status 404: index_not_found_exception"):
        ask(server, "POST", "/sunwi-nowhere/_search", {"query": {"match_all": {}}})
