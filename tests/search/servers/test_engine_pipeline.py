"""The pipeline's search and `sunwi index` on a server."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.errors import EngineError
from sunwi.models.passage_vectors import Windows
from sunwi.params.bm25 import Bm25Params
from sunwi.params.search import SearchParams
from sunwi.records.files import write_rows
from sunwi.search.fusion.method import Fusion
from sunwi.search.index.bm25 import index_terms
from sunwi.search.index.store import save_vectors
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import QuestionIndex, build_pipeline
from sunwi.search.servers import statistics
from sunwi.search.servers.index import Expansion
from sunwi.search.servers.pipeline import by_ranks, engine_of, fusion_there, on_server
from sunwi.search.servers.server import ask
from sunwi.search.servers.sparse_names import engine_names

from .conftest import INDEX

QUESTIONS = ["빛으로 포도당을 만드는 식물", "지각판이 움직이면 땅이 흔들리나", "헤모글로빈과 산소", "용암"]


@pytest.fixture
def search(played, scoring) -> SearchParams:
    """Only after `connection` has cleaned up: the aliases end in the encoder's name."""
    return SearchParams(engine=played.engine, index=f"{INDEX}-pipe", analyzer="terms", depth=8)


@pytest.fixture
def environment(played, scoring):
    yield played.environment
    server, _ = scoring
    for which in ("base", "promoted", "texts"):
        answer = server.send("GET", f"/_alias/{INDEX}-pipe-{which}")
        for name in sorted(answer.body) if answer.status == 200 else []:
            server.send("DELETE", f"/{name}")


NAMES = ["bm25", "dense", "questions"]


@pytest.fixture(params=["no passage is long", "three windows of two passages"])
def windows(request, unit_vectors) -> Windows | None:
    if request.param == "no passage is long":
        return None
    drawn = np.random.default_rng(5).normal(size=(3, unit_vectors.shape[1]))
    return Windows(
        (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16), np.array([2, 2, 5])
    )


@pytest.fixture
def local(passages, unit_vectors, windows):
    return build_pipeline(
        passages,
        unit_vectors,
        Bm25Params(),
        QuestionIndex(unit_vectors[:2], ["a", "b"], ["d5", "d2"], ["?", "?"]),
        windows=windows,
    )


@pytest.fixture
def queries(unit_vectors) -> QueryBatch:
    drawn = np.random.default_rng(9).normal(size=(len(QUESTIONS), unit_vectors.shape[1]))
    vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)
    return QueryBatch(list("wxyz"), QUESTIONS, index_terms(QUESTIONS, "kiwi"), vectors)


def fusions(depth: int) -> list[tuple[list[str], Fusion]]:
    return [
        (NAMES, Fusion("weighted", {"bm25": 0.5, "dense": 1.0, "questions": 0.25})),
        (NAMES[:2], Fusion("alpha", {"bm25": 0.4, "dense": 0.6})),
        (NAMES, Fusion("rrf", {"bm25": 0.5, "dense": 1.0, "questions": 0.25}, 60.0, depth)),
    ]


def test_a_variant_ranks_on_the_server_as_it_does_here(
    local, queries, unit_vectors, windows, search, environment
) -> None:
    there = on_server("base", local, search, Bm25Params(), unit_vectors, environment, windows=windows)
    for names, fusion in [*fusions(8), (["dense"], Fusion("weighted", {"dense": 1.0}))]:
        assert fusion_there(there, fusion, names, 60.0, 8) == (fusion, None)
        for here, found in zip(
            local.rank(queries, names, fusion, 5), there.rank(queries, names, fusion, 5), strict=True
        ):
            assert found.positions.tolist() == here.positions.tolist()
            np.testing.assert_allclose(found.scores, here.scores, atol=2e-5)


def test_scores_that_a_depth_cuts_are_fused_as_local_ones(
    local, queries, unit_vectors, windows, search, environment
) -> None:
    cut = search.model_copy(update={"depth": 3})
    there = on_server("base", local, cut, Bm25Params(), unit_vectors, environment, windows=windows)
    for names, fusion in fusions(3):
        assert fusion_there(there, fusion, names, 60.0, 3) == (fusion, None)
        for here, found in zip(
            local.rank(queries, names, fusion, 3), there.rank(queries, names, fusion, 3), strict=True
        ):
            assert found.positions.tolist() == here.positions.tolist()
            np.testing.assert_allclose(found.scores, here.scores, atol=1e-3)
    rows, of_block = next(iter(there.blocks(queries, NAMES)))
    assert (rows, set(of_block)) == (slice(0, 4), set(NAMES))


def test_a_server_that_takes_no_scripts_fuses_by_ranks_and_says_why(
    local, unit_vectors, search, environment, monkeypatch
) -> None:
    monkeypatch.setattr(statistics, "takes_scripts", lambda *_: False)
    for depth, expected in ((3, "rrf"), (8, "weighted")):  # a depth that cuts, and one that cuts nothing
        cut = search.model_copy(update={"depth": depth})
        there = on_server("base", local, cut, Bm25Params(), unit_vectors, environment)
        used, why = fusion_there(there, fusions(depth)[0][1], NAMES, 60.0, depth)
        assert (used.method, "takes no scripts" in str(why)) == (expected, depth == 3)


def test_passages_are_indexed_with_their_questions_and_a_question_does_not_retrieve_itself(
    passages, unit_vectors, queries, search, environment
) -> None:
    bm25, qids, docids = Bm25Params(expand=True), ["a", "w"], ["d5", "d2"]
    texts = ["빛으로 무엇을 만드나", QUESTIONS[0]]
    local = build_pipeline(passages, unit_vectors, bm25, QuestionIndex(unit_vectors[:2], qids, docids, texts))
    added = Expansion(texts, qids, docids)
    there = on_server("base", local, search, bm25, unit_vectors, environment, added)
    fusion = Fusion("weighted", {"bm25": 1.0})
    for here, found in zip(
        local.rank(queries, ["bm25"], fusion, 5), there.rank(queries, ["bm25"], fusion, 5), strict=True
    ):
        assert found.positions.tolist() == here.positions.tolist()
        np.testing.assert_allclose(found.scores, here.scores, atol=2e-5)


def test_scores_of_several_retrievers_are_fused_by_rank_alone() -> None:
    fusion = Fusion("weighted", {"bm25": 0.3, "dense": 1.0})
    assert by_ranks(fusion, ["bm25"], 60.0, 10) is fusion
    found = by_ranks(fusion, ["bm25", "dense"], 20.0, 10)
    assert found == Fusion("rrf", {"bm25": 0.3, "dense": 1.0}, 20.0, 10)
    scores = {name: np.array([[3.0, 2.0, 1.0]], dtype=np.float32) for name in ("bm25", "dense")}
    scaled = {**scores, "bm25": scores["bm25"] * 2.2 + 7}
    np.testing.assert_array_equal(found(scores), found(scaled))


def test_what_a_server_cannot_do_is_refused_before_any_request() -> None:
    with pytest.raises(EngineError, match="names no server"):
        engine_of(SearchParams())


def test_sparse_names_are_distinct_and_hold_no_dot() -> None:
    names = engine_names(["1.5", "1__5", "물", "▁물", "1.5"])
    assert len(set(names)) == 5
    assert not any("." in name for name in names)


def test_the_command_builds_an_index_and_then_finds_it(
    played, scoring, environment, tmp_path, monkeypatch, tiny_corpus, unit_vectors
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "params.yaml").write_text(
        f"search: {{index: {INDEX}-pipe, analyzer: terms}}\n", encoding="utf-8"
    )
    write_rows(tmp_path / "data/prepared/corpus.jsonl", tiny_corpus)
    save_vectors(tmp_path / "data/index/promoted/corpus.npy", unit_vectors)

    def run(*arguments: str) -> dict[str, object]:
        done = CliRunner().invoke(app, ["index", "--engine", played.engine, "--json", *arguments])
        assert done.exit_code == 0, (done.output, done.exception)
        return dict(json.loads(done.stdout))

    first = run()
    assert (first["alias"], first["documents"], first["sent"]) == (f"{INDEX}-pipe-promoted", 8, 8)
    assert run() == {**first, "sent": 0}
    assert run("--with", "texts")["alias"] == f"{INDEX}-pipe-texts"
    mapping = ask(scoring[0], "GET", f"/{INDEX}-pipe-promoted/_mapping")[first["index"]]
    assert (
        mapping["mappings"]["properties"]["vector"]["dimension" if played.engine == "opensearch" else "dims"]
        == unit_vectors.shape[1]
    )
    assert len(Passages.of(tiny_corpus)) == ask(scoring[0], "GET", f"/{INDEX}-pipe-texts/_count")["count"]


def test_the_command_without_corpus_or_server_says_what_to_do(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUNWI_OPENSEARCH_URL", raising=False)
    (tmp_path / "params.yaml").write_text("seed: 1\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["index", "--engine", "opensearch"])
    assert "there is no corpus.jsonl in data/prepared" in str(done.exception)
