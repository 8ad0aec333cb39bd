"""What servers limit and what they leave: ids, clauses, hits, features, updates, filters, small vectors."""

from __future__ import annotations

from threading import Thread
from typing import Any

import numpy as np
import pytest

from sunwi.errors import EngineError
from sunwi.models.sparse.vectors import SparseVectors
from sunwi.params.bm25 import Bm25Params
from sunwi.records.corpus import Document
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.retrievers.base import Scores
from sunwi.search.servers import elasticsearch as module
from sunwi.search.servers.index import SparseField, build_index, check_version, index_body
from sunwi.search.servers.msearch import search_many
from sunwi.search.servers.publish import aliased
from sunwi.search.servers.retrievers import engine_retrievers, lexical_query, restricted, sendable_weights
from sunwi.search.servers.server import ask

from .conftest import INDEX

PLAIN = Bm25Params(tokenizer="whitespace")
IDS = [
    "a",
    "한글-문서",
    "공백 있는 이름",
    "a/b?c=d&e",
    "#1%2F",
    '"quoted"',
    "x" * 512,
    "_underscore",
    "가" * 170,
]


def asked(words: list[list[str]], vectors: np.ndarray) -> QueryBatch:
    texts = [" ".join(row) for row in words]
    return QueryBatch([f"q{at}" for at in range(len(words))], texts, words, vectors)


def test_ids_of_every_form_come_back_and_are_scored_by_id(scoring, search_params) -> None:
    server, dialect = scoring
    passages = Passages.of([Document(docid=docid, content=f"물 말{at}") for at, docid in enumerate(IDS)])
    built = build_index(server, dialect, passages, replace_depth(search_params, 3), PLAIN)
    retriever = engine_retrievers(server, dialect, built, passages, 3, dense=False)[0]
    batch = asked([["물"]], np.zeros((1, 1)))
    best = retriever.best(batch)
    every = retriever.of_passages(batch, [np.arange(len(passages))])[0]
    assert sorted(passages.docids[at] for at in every.positions) == sorted(IDS)
    assert (every.scores > 0).all()
    assert len(best[0].positions) == 3


def replace_depth(params: Any, depth: int) -> Any:
    return params.model_copy(update={"depth": depth})


def test_a_query_of_more_than_1024_terms_is_cut_and_answered(scoring, passages, search_params) -> None:
    server, dialect = scoring
    built = build_index(server, dialect, passages, search_params, Bm25Params(tokenizer="kiwi"))
    words = ["식물", *(f"w{at}" for at in range(2000))]
    assert len(str(lexical_query(words, 1.0)["query"]).split()) < 1100
    retriever = engine_retrievers(server, dialect, built, passages, len(passages), dense=False)[0]
    assert (retriever.scores(asked([words], np.zeros((1, 1))))[0] > 0).any()
    whole = {"query": {"match": {"terms": {"query": " ".join(words)}}}}
    if server.engine == "opensearch":  # Elasticsearch's limit grows with its memory
        with pytest.raises(EngineError, match="maxClauseCount is set to 1024"):
            list(search_many(server, built.name, [whole], 1))


def test_sparse_queries_within_the_limits_of_features(scoring, passages, search_params) -> None:
    server, dialect = scoring
    weights = np.zeros((len(passages), 1), dtype=np.float32)
    weights[0] = 1.0
    field = SparseField(SparseVectors.of(weights), ["빛"])
    built = build_index(server, dialect, passages, search_params, PLAIN, sparse=field)
    many = sendable_weights({"빛": 100.0, **{f"t{at}": 0.5 for at in range(3000)}})
    (answer,) = search_many(server, built.name, [{**dialect.sparse_query(many), "size": 5}], 1)
    assert [hit["_id"] for hit in answer["hits"]["hits"]] == [passages.docids[0]]
    assert answer["hits"]["hits"][0]["_score"] == pytest.approx(64.0, rel=1e-2)


def test_more_than_ten_thousand_hits_are_refused_with_the_servers_reason(
    scoring, passages, search_params
) -> None:
    server, dialect = scoring
    built = build_index(server, dialect, passages, search_params, PLAIN)
    with pytest.raises(EngineError, match=r"refused with status 400.*10000"):
        list(search_many(server, built.name, [{"query": {"match_all": {}}, "size": 10_001}], 1))


def test_a_changed_passage_and_a_deleted_one(scoring, passages, search_params, tiny_corpus) -> None:
    server, dialect = scoring
    build_index(server, dialect, passages, search_params, PLAIN)
    changed = [
        replace_content(tiny_corpus[0], "완전히 다른 글"), *tiny_corpus[2:],
    ]  # fmt: skip
    after = Passages.of(changed)
    built = build_index(server, dialect, after, search_params, PLAIN)
    retriever = engine_retrievers(server, dialect, built, after, len(after), dense=False)[0]
    scores = retriever.scores(asked([["완전히"], ["지각판이"]], np.zeros((2, 1))))
    assert after.docids[int(scores[0].argmax())] == tiny_corpus[0].docid
    assert not scores[1].any()
    assert aliased(server, search_params.index) == [built.name]


def replace_content(document: Document, content: str) -> Document:
    return document.model_copy(update={"content": content})


def test_an_index_that_was_left_half_filled_is_filled_on(scoring, passages, search_params) -> None:
    server, dialect = scoring
    first = build_index(server, dialect, passages, search_params, PLAIN)
    for docid in passages.docids[:3]:
        ask(server, "DELETE", f"/{first.name}/_doc/{docid}?refresh=true")
    again = build_index(server, dialect, passages, search_params, PLAIN)
    assert (again.name, again.report.indexed, again.report.present) == (first.name, 3, len(passages) - 3)


def test_two_runs_at_once_both_end_well(scoring, passages, search_params) -> None:
    server, dialect = scoring
    names: list[str] = []

    def build() -> None:
        names.append(build_index(server, dialect, passages, search_params, PLAIN).name)

    threads = [Thread(target=build) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(names) == 3
    assert aliased(server, search_params.index) == [names[0]]
    assert set(names) == {names[0]}
    assert ask(server, "GET", f"/{search_params.index}/_count")["count"] == len(passages)


KINDS: dict[str, list[dict[str, Any]]] = {
    "opensearch": [
        {"method": {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct",
                    "parameters": {"encoder": {"name": "sq"}}}},
        {"data_type": "byte",
         "method": {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"}},
    ],
    "elasticsearch": [
        {"index_options": {"type": "int8_hnsw"}},
        {"index_options": {"type": "int4_hnsw"}},
        {"element_type": "byte", "index_options": {"type": "hnsw"}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_quantised_vectors_among_some_documents(
    kind, played, scoring, passages, unit_vectors, search_params
) -> None:
    if kind >= len(KINDS[played.engine]):
        pytest.skip("it has fewer kinds")
    server, dialect = scoring
    name, change = f"{INDEX}-kind", KINDS[played.engine][kind]
    body = index_body(dialect, "terms", PLAIN, 6, sparse=False)
    body["mappings"]["properties"]["vector"] |= change
    bytes_wanted = "byte" in str(change)
    scale = 127 if bytes_wanted else 1
    server.send("DELETE", f"/{name}")
    ask(server, "PUT", f"/{name}", body)
    try:
        for docid, vector in zip(passages.docids, unit_vectors.astype(np.float32), strict=True):
            values = [int(x * scale) if bytes_wanted else float(x) for x in vector]
            ask(
                server,
                "POST",
                f"/{name}/_create/{docid.replace('#', '%23')}",
                {"vector": values, "terms": "x"},
            )
        ask(server, "POST", f"/{name}/_refresh")
        query = unit_vectors[0].astype(np.float32)
        sent = [int(x * scale) if bytes_wanted else float(x) for x in query]
        wanted = passages.docids[:4]
        search = {**restricted(dialect.dense_query(sent, 8), wanted), "size": 8}
        (answer,) = search_many(server, name, [search], 1)
        found = [hit["_id"] for hit in answer["hits"]["hits"]]
        exact: Scores = unit_vectors[:4].astype(np.float32) @ query
        assert sorted(found) == sorted(wanted)
        assert found[0] == wanted[int(exact.argmax())]
    finally:
        server.send("DELETE", f"/{name}")


def test_nori_and_our_terms_find_by_other_words(scoring, played, search_params) -> None:
    if not played.real:
        pytest.skip("a stand-in has no nori")
    server, dialect = scoring
    passages = Passages.of(
        [
            Document(docid="d1", content="삼성전자가 반도체를 만든다."),
            Document(docid="d2", content="강에 물이 흐른다."),
        ]
    )
    for analyzer in ("nori", "terms"):
        params = search_params.model_copy(update={"analyzer": analyzer})
        built = build_index(server, dialect, passages, params, Bm25Params(tokenizer="kiwi"))
        assert built.analyzer == analyzer
        retriever = engine_retrievers(server, dialect, built, passages, 2, dense=False)[0]
        batch = QueryBatch(["q"], ["반도체"], [["반도체"]], np.zeros((1, 1)))
        assert (retriever.scores(batch)[0] > 0).tolist() == [True, False]


def test_a_client_that_the_server_does_not_take_is_told_what_to_install(connection, monkeypatch) -> None:
    server, dialect = connection
    if server.engine != "elasticsearch":
        pytest.skip("OpenSearch does not ask for a version")
    monkeypatch.setattr(module, "JSON", "application/vnd.elasticsearch+json; compatible-with=99")
    with pytest.raises(
        EngineError, match=r"does not take requests of version 8: .*Next: use Elasticsearch 8.15 to 9"
    ):
        check_version(server, dialect)
