"""What keeps memory bounded gives what the whole gives: streams, groups, kept and mapped indexes."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from pathlib import Path

import bm25s
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st

from sunwi.params.bm25 import Bm25Params
from sunwi.params.dense import DenseParams
from sunwi.records.corpus import Document
from sunwi.search import index_cache as kept
from sunwi.search.fusion import normalise
from sunwi.search.fusion.method import Fusion
from sunwi.search.fusion.normalise import zscore
from sunwi.search.index import terms
from sunwi.search.index.bm25 import Bm25, save_bm25
from sunwi.search.index.terms import TOKENISERS, index_terms, term_stream
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline, build_pipeline, ranks_at
from sunwi.search.retrievers.approximate import ApproximateDenseRetriever, build_index
from sunwi.search.top import top

Build = Callable[..., tuple[SearchPipeline, QueryBatch]]
TEXTS = ["물은 빛을 꺾는다", "빛은 빠르다", "지진은 땅을 흔든다", "달은 물을 당긴다", "빛과 물과 땅"]
WHITESPACE = Bm25Params(tokenizer="whitespace")


@settings(max_examples=60)
@given_by(st.integers(1, 3), st.integers(380, 1000), st.integers(1, 400), st.integers(0, 999))
def test_the_top_of_many_equals_a_sort(depth: int, size: int, values: int, seed: int) -> None:
    scores = np.random.default_rng(seed).integers(-3, values, size=size).astype(np.float32)
    positions, best = top(scores, depth)
    expected = sorted(range(size), key=lambda at: (-scores[at], at))[:depth]
    assert positions.tolist() == expected
    assert best.tolist() == scores[expected].tolist()


@given_by(st.lists(st.sampled_from([-1.0, -0.0, 0.0, 0.5, 2.0]), min_size=1, max_size=30))
def test_ranks_of_some_are_those_of_all(values: list[float]) -> None:
    scores = np.array(values, dtype=np.float32)
    some = np.arange(0, len(values), 2)
    order = sorted(range(len(values)), key=lambda position: (-scores[position], position))
    assert ranks_at(scores, some).tolist() == [1 + order.index(position) for position in some]


def test_a_ranking_looks_deeper_where_one_document_fills_the_top(given: Build) -> None:
    docids = [f"a#{number:03d}" for number in range(60)] + ["b", "c", "d"]
    scores = [100.0 - number for number in range(60)] + [3.0, 2.0, 1.0]
    pipeline, queries = given(docids, dense={"q": scores})
    (ranked,) = pipeline.rank(queries, ["dense"], Fusion("weighted", {}), depth=3)
    assert ranked.positions.tolist() == [0, 60, 61]
    assert ranked.ranks["dense"].tolist() == [1, 61, 62]
    (everything,) = pipeline.rank(queries, ["dense"], Fusion("weighted", {}), depth=9)
    assert everything.positions.tolist() == [0, 60, 61, 62]


def test_z_scores_in_groups_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.random.default_rng(1).normal(size=(7, 50)).astype(np.float32)
    whole = zscore(scores)
    monkeypatch.setattr(normalise, "CELLS", 120)
    assert zscore(scores).tobytes() == whole.tobytes()
    assert zscore(scores[:0]).shape == (0, 50)


@pytest.mark.parametrize("tokenizer", [name for name in TOKENISERS if ":" not in name])
def test_a_stream_of_terms_equals_the_list(tokenizer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "STREAMED", 2)
    assert list(term_stream(TEXTS, tokenizer)) == index_terms(TEXTS, tokenizer)


def test_bm25_of_a_stream_equals_bm25_of_a_list() -> None:
    documents = index_terms(TEXTS, "bigram")
    queries = index_terms(["물과 빛", "없는"], "bigram")
    listed, streamed = Bm25(documents, Bm25Params()), Bm25(iter(documents), Bm25Params())
    assert streamed.size == len(TEXTS)
    assert listed.all_scores(queries).tobytes() == streamed.all_scores(queries).tobytes()


def test_bm25_scores_equal_scipys_product_to_the_byte(tmp_path: Path) -> None:
    from scipy.sparse import csr_matrix

    documents = index_terms(TEXTS, "kiwi+bigram")
    params = Bm25Params(bigram_weight=0.3)
    save_bm25(documents, params, tmp_path)
    impacts = bm25s.BM25.load(tmp_path)
    rows, vocabulary = len(impacts.scores["indptr"]) - 1, impacts.vocab_dict
    parts = tuple(impacts.scores[name] for name in ("data", "indices", "indptr"))
    of_terms = csr_matrix(parts, shape=(rows, len(documents)))
    queries = [*index_terms(["물과 빛과 빛", "땅", "없는말이다", "달은 물을 당긴다"], "kiwi+bigram"), []]
    asked = [[term for term in query if term in vocabulary] for query in queries]
    weights = [np.float32(0.3 if term.startswith("\x02") else 1) for query in asked for term in query]
    columns = [vocabulary[term] for query in asked for term in query]
    ends = np.cumsum([0, *map(len, asked)])
    expected = csr_matrix((weights, columns, ends), shape=(len(queries), rows)) @ of_terms
    assert expected.nnz > len(TEXTS)
    for index in (Bm25(documents, params), Bm25.load(tmp_path, params)):
        assert index.all_scores(queries).tobytes() == expected.toarray().tobytes()


def test_a_kept_bm25_is_mapped_and_gives_the_same_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = index_terms(["빛은 물을", "없는말", "\x02 빛"], "whitespace")
    expected = Bm25(index_terms(TEXTS, "whitespace"), WHITESPACE).all_scores(queries)
    first = kept.kept_bm25(tmp_path, TEXTS, WHITESPACE)
    monkeypatch.setattr(kept, "term_stream", _refused)
    again = kept.kept_bm25(tmp_path, TEXTS, WHITESPACE)
    for index in (first, again):
        assert index.all_scores(queries).tobytes() == expected.tobytes()
        assert isinstance(_base(index._impacts), mmap.mmap)
    # A query's weights are no part of the index; all else is.
    kept.kept_bm25(tmp_path, TEXTS, WHITESPACE.model_copy(update={"bigram_weight": 0.5}))
    for texts, params in (
        (TEXTS[:4], WHITESPACE),
        ([TEXTS[0] + TEXTS[1], *TEXTS[2:]], WHITESPACE),
        (TEXTS, WHITESPACE.model_copy(update={"k1": 1.0})),
        (TEXTS, Bm25Params(tokenizer="bigram")),
    ):
        with pytest.raises(RuntimeError, match="built again"):
            kept.kept_bm25(tmp_path, texts, params)
    assert len(list(tmp_path.iterdir())) == 1  # nothing is left of what failed


def test_a_second_writer_leaves_the_first_ones_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = kept.save_bm25

    def slow(documents: Iterator[list[str]], params: Bm25Params, folder: Path) -> None:
        inner(documents, params, folder)
        monkeypatch.setattr(kept, "save_bm25", inner)
        kept.kept_bm25(tmp_path, TEXTS, params)  # another process is done before

    monkeypatch.setattr(kept, "save_bm25", slow)
    monkeypatch.setattr("sunwi.runtime.os.getpid", iter([1, 2]).__next__)
    index = kept.kept_bm25(tmp_path, TEXTS, WHITESPACE)
    assert index.size == len(TEXTS)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("kind", ["hnsw", "ivfpq"])
def test_a_kept_approximate_index_finds_the_same(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = _unit(600)
    params = DenseParams(index=kind, nlist=8, pq_m=4, depth=10, ef_search=16, nprobe=2)  # type: ignore[arg-type]
    asked = vectors[:5].astype(np.float32)
    expected = ApproximateDenseRetriever(vectors, params).search(asked, 10)
    kept.kept_faiss(tmp_path, vectors, params)
    monkeypatch.setattr(kept, "build_index", _refused)
    read = ApproximateDenseRetriever(vectors, params, kept.kept_faiss(tmp_path, vectors, params))
    for found, wanted in zip(read.search(asked, 10), expected, strict=True):
        assert found.tobytes() == wanted.tobytes()
    searched = params.model_copy(update={"ef_search": 64, "nprobe": 4, "depth": 20})
    kept.kept_faiss(tmp_path, vectors, searched)  # a search's effort is no part of the index
    changed = vectors.copy()
    changed[0, 0] += 1
    with pytest.raises(RuntimeError, match="built again"):
        kept.kept_faiss(tmp_path, changed, params)


def test_hnsw_holds_float16_without_loss() -> None:
    vectors = _unit(300)
    asked = vectors[:4].astype(np.float32)
    params = DenseParams(index="hnsw", depth=5, ef_search=300)
    positions, scores = ApproximateDenseRetriever(vectors, params, build_index(vectors, params)).search(
        asked, 5
    )
    exact = asked @ vectors.astype(np.float32).T
    np.testing.assert_allclose(scores, np.take_along_axis(exact, positions, axis=1), atol=1e-6)


def test_a_pipeline_with_kept_indexes_ranks_as_one_without(tmp_path: Path) -> None:
    passages = Passages.of([Document(docid=f"d{at}", content=text) for at, text in enumerate(TEXTS)])
    vectors = _unit(len(TEXTS))
    dense = DenseParams(index="hnsw", depth=5)
    texts = ["빛은 물을", "땅"]
    queries = QueryBatch(["a", "b"], texts, index_terms(texts, "whitespace"), vectors[:2])
    results = []
    for folder in (None, tmp_path, tmp_path):
        pipeline = build_pipeline(passages, vectors, WHITESPACE, dense=dense, index_folder=folder)
        ranked = pipeline.rank(queries, ["bm25", "dense"], Fusion("weighted", {}), depth=3)
        results.append([(one.positions.tolist(), one.scores.tolist()) for one in ranked])
    assert results[0] == results[1] == results[2]
    assert len(list(tmp_path.iterdir())) == 2


def _refused(*_: object, **__: object) -> None:
    raise RuntimeError("built again")


def _base(array: npt.NDArray[np.float32]) -> object:
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base


def _unit(count: int) -> npt.NDArray[np.float16]:
    raw = np.random.default_rng(5).normal(size=(count, 16))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float16)
