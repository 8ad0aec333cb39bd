"""Labelled questions, the low-overlap part and the fitted weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from sunwi.errors import DataError
from sunwi.params.fusion import FusionParams
from sunwi.records.corpus import Document
from sunwi.records.questions import Question
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.fusion.fitting import fit_fusion
from sunwi.search.labelled import (
    LabelledQuestion,
    first_relevant_rank,
    low_overlap,
    natural_questions,
    synthetic_questions,
)
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.ranking_quality import reciprocal_rank

Build = Callable[..., tuple[SearchPipeline, QueryBatch]]


def label(qid: str, relevant: tuple[int, ...] = (0,), overlap: float = 0.0) -> LabelledQuestion:
    return LabelledQuestion(qid, qid, relevant, "dev", "s", overlap)


def test_low_overlap_is_the_part_below_or_the_lowest_few() -> None:
    questions = [
        label("a", overlap=0.9),
        label("b", overlap=0.2),
        label("c", overlap=0.5),
        label("d", overlap=0.5),
    ]
    assert low_overlap(questions, 0.5, minimum=1) == [1, 2, 3]
    assert low_overlap(questions, 0.1, minimum=2) == [1, 2]  # of the tied ones the first id
    assert low_overlap(questions, 0.1, minimum=9) == [0, 1, 2, 3]
    assert low_overlap([], 0.5, minimum=3) == []


SCORES = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=4, max_size=4)


@settings(max_examples=100)
@examples(st.lists(st.tuples(SCORES, st.sets(st.integers(0, 3), min_size=1)), min_size=1, max_size=4))
def test_first_relevant_rank_equals_brute_force(cases: list[tuple[list[float], set[int]]]) -> None:
    scores = np.array([values for values, _ in cases], dtype=np.float32)
    found = first_relevant_rank(scores, [tuple(relevant) for _, relevant in cases])
    for rank, (values, relevant) in zip(found, cases, strict=True):
        order = sorted(range(4), key=lambda at, values=values: (-values[at], at))
        assert rank == next(place for place, at in enumerate(order, start=1) if at in relevant)


def test_reciprocal_rank_is_cut_at_10() -> None:
    assert reciprocal_rank(np.array([1, 4, 10, 11])).tolist() == [1.0, 0.25, 0.1, 0.0]


def test_natural_questions(tiny_corpus: list[Document]) -> None:
    passages = Passages.of(tiny_corpus)

    def asked(eval_id: int, text: str) -> UnderstoodQuery:
        return UnderstoodQuery(eval_id=eval_id, standalone_query=text, needs_retrieval=True, source="t")

    understood = [asked(1, "훈민정음 자음"), asked(2, "안녕"), asked(3, "적혈구 산소")]
    qrels = {"1": {"d4": 1}, "2": {"d1": 0}, "3": {"d3": 2, "d1": 1}}
    found = natural_questions(understood, qrels, passages, "test", "kiwi")
    assert [question.qid for question in found] == ["test:1", "test:3"]
    assert found[0].relevant == (3, 4)  # both chunks of the judged document
    assert found[1].relevant == (0, 2)
    assert found[1].overlap == 1.0  # the best of its documents
    with pytest.raises(DataError, match="not in the corpus: d98, d99"):
        natural_questions(understood, {"1": {"d99": 1}, "3": {"d98": 1, "d3": 1}}, passages, "test", "kiwi")


def test_synthetic_questions_of_some_splits(tiny_corpus: list[Document]) -> None:
    passages = Passages.of(tiny_corpus)
    questions = [
        Question(qid=qid, docid="d2", question="?", style="s", generator="g", split=split, overlap=0.5)
        for qid, split in (("a", "train"), ("b", "dev"))
    ]
    (found,) = synthetic_questions(questions, passages, {"dev"})
    assert (found.qid, found.relevant, found.split) == ("b", (1,), "dev")


def test_passages_that_answer_a_synthetic_question_as_well(tiny_corpus: list[Document]) -> None:
    passages = Passages.of(tiny_corpus)
    asked = {"docid": "d3", "question": "?", "style": "s", "generator": "g", "split": "dev", "overlap": 0.5}
    questions = [Question(qid="a", also=["d1"], **asked), Question(qid="b", **asked)]
    copies = {"d1": frozenset({"d1", "d2"}), "d2": frozenset({"d1", "d2"})}
    several, one = synthetic_questions(questions, passages, {"dev"}, copies)
    assert several.relevant == (2, 0, 1)  # its own first, then those it also came for and their copies
    assert one.relevant == (2,)


def constructed(given: Build) -> tuple[SearchPipeline, QueryBatch, list[LabelledQuestion]]:
    """Dense is right for half of the questions, BM25 for the others: weights from .3 to .7 serve both."""
    dense, bm25, labels = {}, {}, []
    for at in range(8):
        qid = f"q{at}"
        dense[qid] = [0.8, 0.7, 0.1, 0.0] if at % 2 else [0.6, 0.8, 0.1, 0.0]
        bm25[qid] = [5.0, 0.0, 0.0, 0.0] if not at % 2 else [1.0, 1.2, 0.0, 0.0]
        labels.append(label(qid, (0,), overlap=0.1 * at))
    search, queries = given(list("abcd"), dense=dense, bm25=bm25)
    return search, queries, labels


def brute_mrr(search: SearchPipeline, queries: QueryBatch, weight: float) -> float:
    total = 0.0
    for _, scores in search.blocks(queries, ["bm25", "dense"]):
        for dense, bm25 in zip(scores["dense"].astype(float), scores["bm25"].astype(float), strict=True):
            fused = (dense - dense.mean()) / dense.std() + weight * (bm25 - bm25.mean()) / bm25.std()
            total += 1 / (1 + int((fused > fused[0]).sum()))
    return total / len(queries)


def test_the_fit_finds_the_weight(given: Build) -> None:
    search, queries, labels = constructed(given)
    params = FusionParams(bm25_weights=[5.0, 0.0, 0.5, 1.0, 0.3, 0.1, 0.7], low_overlap=1.0, min_questions=1)
    fitted = fit_fusion(search, ["bm25", "dense"], queries, labels, params)
    for cell in fitted.curve:
        assert cell["low_overlap_mrr"] == pytest.approx(
            brute_mrr(search, queries, cell["bm25_weight"]), abs=1e-5
        )
    assert [cell["bm25_weight"] for cell in fitted.curve] == [0.0, 0.1, 0.3, 0.5, 0.7, 1.0, 5.0]  # it rises
    assert [cell["low_overlap_mrr"] for cell in fitted.curve] == [0.75, 0.75, 1.0, 1.0, 1.0, 0.75, 0.75]
    assert fitted.weights == {"bm25": 0.5, "dense": 1.0}  # the middle of the plateau
    assert fitted.low_overlap_mrr == fitted.all_mrr == 1.0
    assert (fitted.questions, fitted.low_overlap_questions) == (8, 8)


def test_only_low_overlap_questions_choose(given: Build) -> None:
    """BM25 misleads where little is copied and is right where much is."""
    good, bad = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    dense = {f"q{at}": [0.9, 0.8, 0.0] for at in range(6)}
    bm25 = {f"q{at}": bad if at < 2 else good for at in range(6)}
    labels = [label(f"q{at}", overlap=0.3 if at < 2 else 0.9) for at in range(6)]
    search, queries = given(list("abc"), dense=dense, bm25=bm25)
    params = FusionParams(bm25_weights=[0.0, 1.0, 2.0], low_overlap=0.5, min_questions=1)
    fitted = fit_fusion(search, ["bm25", "dense"], queries, labels, params)
    assert fitted.weights["bm25"] == 0.0
    assert fitted.low_overlap_questions == 2


def test_ties_go_to_the_smaller_weight(given: Build) -> None:
    search, queries = given(list("ab"), dense={"q": [1.0, 0.0]}, bm25={"q": [1.0, 0.0]})
    fitted = fit_fusion(search, ["bm25", "dense"], queries, [label("q")], FusionParams())
    assert fitted.weights["bm25"] == 0.0


def test_the_order_of_questions_does_not_matter(given: Build) -> None:
    search, queries, labels = constructed(given)
    order = [5, 0, 7, 2, 1, 6, 3, 4]
    moved = QueryBatch(
        [queries.qids[at] for at in order], [queries.texts[at] for at in order],
        [queries.terms[at] for at in order], queries.vectors[order],
    )  # fmt: skip
    params = FusionParams(bm25_weights=[0.0, 0.1, 1.0], low_overlap=0.35, min_questions=2)
    first = fit_fusion(search, ["bm25", "dense"], queries, labels, params)
    again = fit_fusion(search, ["bm25", "dense"], moved, [labels[at] for at in order], params)
    assert again.weights == first.weights
    assert again.curve == first.curve


def test_without_a_dev_question_there_is_no_fit(given: Build) -> None:
    search, queries, _ = constructed(given)
    with pytest.raises(DataError, match="no dev question"):
        fit_fusion(search, ["bm25", "dense"], queries, [], FusionParams())


def test_a_lexical_head_is_fitted_with_the_others(given: Build) -> None:
    """bm25 and dense put the wrong passage first; term weights alone know the right one."""
    wrong, right = [0.5, 0.6, 0.0], [1.0, 0.0, 0.0]
    table = {f"q{at}": wrong for at in range(4)}
    pipeline, queries = given(["a", "b", "c"], bm25=table, dense=table, lexical=dict.fromkeys(table, right))
    labels = [label(qid) for qid in table]
    three = fit_fusion(pipeline, ["bm25", "dense", "lexical"], queries, labels, FusionParams())
    assert three.low_overlap_mrr == 1.0
    assert three.weights["lexical"] > 0
    two = fit_fusion(pipeline, ["bm25", "dense"], queries, labels, FusionParams())
    assert two.low_overlap_mrr < 1.0
    assert set(three.curve[0]) == {
        "bm25_weight", "questions_weight", "lexical_weight", "low_overlap_mrr", "all_mrr"
    }  # fmt: skip
    assert "lexical_weight" not in two.curve[0]


def test_a_generated_question_of_an_unknown_passage_is_named(tiny_corpus: list[Document]) -> None:
    row = Question(qid="q7", docid="gone", question="?", style="s", generator="g", split="dev", overlap=0.1)
    other = row.model_copy(update={"qid": "q8", "split": "train"})  # of a split that is not asked for
    with pytest.raises(DataError, match=r"q7 \(gone\)\. Next: run generate_qa again"):
        synthetic_questions([row, other], Passages.of(tiny_corpus), {"dev"})
