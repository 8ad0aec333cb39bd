"""Parameters: a fault names its key; numbers that YAML reads as text are numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from sunwi.errors import ParamsError
from sunwi.params.loading import load_params
from sunwi.params.whole import Params


def load(tmp_path: Path, text: str) -> Params:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return load_params(path)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("bm25: {k2: 1}", "key 'bm25.k2' is not known here"),
        ("bm24: {}", "key 'bm24' is not known here"),
        ("bm25: {k1: -0.1}", "key 'bm25.k1'"),
        ("bm25: {b: 1.5}", "key 'bm25.b'"),
        ("bm25: {tokenizer: mecab}", "key 'bm25.tokenizer'"),
        ("encoder: {max_length: long}", "key 'encoder.max_length'"),
        ("train_embedder: {learning_rate: .nan}", "key 'train_embedder.learning_rate'"),
        ("train_embedder: {learning_rate: .inf}", "key 'train_embedder.learning_rate'"),
        ("fusion: {bm25_weights: []}", "key 'fusion.bm25_weights'"),
        ("mining: {first_rank: 9, last_rank: 3}", "first_rank 9 to last_rank 3 is empty"),
        ("submissions: {a: {retrievers: [bm25], weights: {dense: 1}}}", "weights for ['dense']"),
        ("submissions: {Bad-Name: {}}\nscore: {baseline: Bad-Name}", "Bad-Name"),
        ("submissions: {dense: {}}\nscore: {baseline: sparse}", "score.baseline is 'sparse'"),
        ("baselines: {a: {encoder: promoted}}", "baselines.a: encoder is promoted, which is trained: move"),
        ("baselines: {a: {rerank: both}}", "baselines.a: rerank is both, which needs a trained reranker"),
        ("promoted: {a: {rerank: cross_encoder}}", "promoted.a: rerank is cross_encoder, which needs"),
        ("promoted: {a: {retrievers: [sparse], fusion: rrf}}", "promoted.a: retrievers names sparse"),
        (
            "baselines: {a: {}}\npromoted: {a: {}}\nscore: {baseline: a}",
            "promoted.a: baselines has a variant",
        ),
        ("seed: [", "no YAML"),
    ],
)
def test_a_fault_names_its_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ParamsError) as error:
        load(tmp_path, text)
    assert named in str(error.value)
    assert "Next: " in str(error.value)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ParamsError) as error:
        load(tmp_path, "seed: -1\nbm25: {k1: x, b: 2}\nextra: 1\n")
    assert len(error.value.faults) == 4


def test_exponents_without_a_point_are_numbers(tmp_path: Path) -> None:
    params = load(tmp_path, "train_embedder: {learning_rate: 3e-05}\nfusion: {bm25_weights: [1e-1, 0.5]}")
    assert params.train_embedder.learning_rate == 3e-05
    assert params.fusion.bm25_weights == [0.1, 0.5]


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Params()


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="does not exist"):
        load_params(tmp_path / "params.yaml")
