from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sunwi.params.bm25 import Bm25Params
from sunwi.params.submissions import SubmissionParams
from sunwi.params.whole import Params
from sunwi.records.files import read_rows
from sunwi.records.submissions import SubmissionRow, UnderstoodQuery
from sunwi.search.fusion.method import Fusion
from sunwi.search.index.bm25 import Bm25
from sunwi.search.learned.order import LearnedOrder
from sunwi.search.learned.ranker import LinearRanker
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.retrievers.questions import QuestionRetriever
from sunwi.submit.building import RerankPlan, build, fusion_of
from sunwi.submit.finishing import Submission
from sunwi.submit.strays import remove_strays
from sunwi.submit.writing import write_submission
from sunwi.trec import read_run

# d2 is the parent of two chunks; scores are set so that its chunks are first and third.
PASSAGES = Passages(
    ["d1", "d2#0", "d2#1", "d3"], ["하", "나", "다", "라"], ["d1", "d2", "d2", "d3"],
    {"d1": 0, "d2#0": 1, "d2#1": 2, "d3": 3},
)  # fmt: skip


class Fixed:
    name = "dense"

    def scores(self, queries: QueryBatch) -> np.ndarray:
        return np.tile(np.array([[3.0, 4.0, 2.0, 1.0]], dtype=np.float32), (len(queries), 1))


class Reversing:
    """A reranker that likes the later letter."""

    def score(self, name: str, pairs: list[tuple[str, str]]) -> np.ndarray:
        assert name == "late_interaction"
        return np.array([float(ord(passage)) for _, passage in pairs], dtype=np.float32)


UNDERSTOOD = [
    UnderstoodQuery(eval_id=1, standalone_query="질문", needs_retrieval=True, source="rules"),
    UnderstoodQuery(eval_id=2, standalone_query="안녕", needs_retrieval=False, source="rules"),
]
QUERIES = QueryBatch(["1", "2"], ["질문", "안녕"], [[], []], np.zeros((2, 1), dtype=np.float16))


def submission(weights: dict[str, float] | None = None, **settings: object) -> Submission:
    variant = SubmissionParams.model_validate({"retrievers": ["dense"], "fusion": "weighted", **settings})
    pipeline = SearchPipeline(PASSAGES, [Fixed()])
    return build(
        variant,
        UNDERSTOOD,
        QUERIES,
        pipeline,
        fusion_of(variant, {}),
        RerankPlan(Reversing(), weights or {}, 2, None),
    )


def test_chunks_are_submitted_as_their_document_and_chitchat_as_nothing() -> None:
    made = submission()
    assert [row.topk for row in made.rows] == [["d2", "d1", "d3"], []]
    assert made.metrics["empty_topk"] == 1
    assert list(made.run["2"]) == ["d2", "d1", "d3"]  # the run tells what search finds


def test_without_the_filter_every_dialogue_gets_its_topk() -> None:
    assert [len(row.topk) for row in submission(empty_filter=False, k=2).rows] == [2, 2]


def test_reranking_reorders_the_head_alone() -> None:
    plain = submission(rerank="late_interaction", weights={"late_interaction": 0.0})
    assert plain.rows[0].topk == ["d2", "d1", "d3"]
    # Of the first two (나 of d2, 하 of d1) the reranker prefers 하; 라 of d3 lies below the depth of 2.
    strong = submission(rerank="late_interaction", weights={"late_interaction": 5.0})
    assert strong.rows[0].topk == ["d1", "d2", "d3"]
    assert strong.lineage[0].candidates[0]["late_interaction_score"] == float(ord("하"))
    assert strong.lineage[0].candidates[2]["late_interaction_score"] is None


def test_lineage_tells_the_probability_of_what_is_reranked() -> None:
    variant = SubmissionParams.model_validate(
        {"retrievers": ["dense"], "fusion": "weighted", "rerank": "late_interaction"}
    )
    made = build(
        variant, UNDERSTOOD, QUERIES, SearchPipeline(PASSAGES, [Fixed()]), fusion_of(variant, {}),
        RerankPlan(Reversing(), {"late_interaction": 5.0}, 2, {"slope": 0.5, "intercept": -1.0}),
    )  # fmt: skip
    # z of both scorers over the two is 1 and -1: the blend gives 하 (d1) 5 - 1 = 4, 나 (d2) 1 - 5 = -4.
    found = [one["probability"] for one in made.lineage[0].candidates]
    assert found == [
        pytest.approx(1 / (1 + np.exp(-1)), abs=1e-5),
        pytest.approx(1 / (1 + np.exp(3)), abs=1e-5),
        None,
    ]


def test_lineage_tells_every_place() -> None:
    first = submission().lineage[0].candidates[0]
    assert first["docid"] == "d2"
    assert (first["rank"], first["fused_rank"], first["dense_rank"]) == (1, 1, 1)
    assert submission().lineage[1].reason == "no retrieval needed; rules"


def test_calibrated_fusion_takes_the_fitted_weights_of_its_retrievers() -> None:
    variant = SubmissionParams(retrievers=["dense", "bm25"], fusion="calibrated")
    fusion = fusion_of(variant, {"bm25+dense": {"bm25": 0.4, "dense": 1.0}})
    assert fusion == Fusion("weighted", {"bm25": 0.4, "dense": 1.0})


def test_files_are_written_alike_and_strays_removed(tmp_path: Path) -> None:
    write_submission(submission(), tmp_path, "mine")
    write_submission(submission(), tmp_path, "old")
    (tmp_path / ".gitignore").write_text("*\n", encoding="utf-8")
    assert sorted(remove_strays(tmp_path, ["mine"])) == [
        "old.csv",
        "old.jsonl",
        "old.lineage.jsonl",
        "old.run",
    ]
    names = ["mine.csv", "mine.jsonl", "mine.lineage.jsonl", "mine.run"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", *names]
    rows = read_rows(tmp_path / "mine.jsonl", SubmissionRow)
    as_csv = [json.loads(line) for line in (tmp_path / "mine.csv").read_text(encoding="utf-8").splitlines()]
    assert as_csv == [row.model_dump() for row in rows]
    assert sorted(as_csv[0]) == ["answer", "eval_id", "references", "standalone_query", "topk"]
    assert read_run(tmp_path / "mine.run")["1"] == pytest.approx({"d2": 3.0, "d1": 2.0, "d3": 1.0})


def test_default_params_name_no_unknown_retriever() -> None:
    with pytest.raises(ValueError, match="weights for"):
        Params.model_validate({"submissions": {"x": {"retrievers": ["dense"], "weights": {"bm25": 1}}}})


def test_alpha_fusion_mixes_scores_scaled_to_one() -> None:
    fusion = fusion_of(SubmissionParams(fusion="alpha", alpha=0.75), {})
    dense = np.array([[1.0, 0.5, 0.0]], dtype=np.float32)
    bm25 = np.array([[0.0, 20.0, 5.0]], dtype=np.float32)
    assert fusion({"bm25": bm25, "dense": dense})[0].tolist() == pytest.approx([0.75, 0.625, 0.0625])


@pytest.mark.parametrize(
    "settings",
    [
        {"fusion": "alpha", "retrievers": ["dense"]},
        {"fusion": "calibrated", "weights": {"bm25": 0.5}},
        {"query_weights": {"hyde": 1.0}},
        {"rerank_depth": 5},
        {"retrievers": ["bm25", "bm25"]},
        {"retrievers": ["bm25", "sparse"], "fusion": "calibrated"},
    ],
)
def test_settings_that_nothing_reads_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"alpha|weight|rerank|twice"):
        SubmissionParams.model_validate(settings)


def test_the_sparse_retriever_needs_a_trained_sparse_encoder() -> None:
    content = {"submissions": {"dense_base": {"retrievers": ["sparse", "dense"], "fusion": "rrf"}}}
    with pytest.raises(ValueError, match=r"\['dense_base'\] search by the sparse encoder.*neural-sparse"):
        Params.model_validate(content)
    assert Params.model_validate({**content, "sparse": {"enabled": True}}).submissions


class Words:
    """BM25 by given numbers of documents with a term."""

    name = "bm25"

    def __init__(self) -> None:
        self.index = Bm25([["하"], ["나"], ["다"], ["라"]], Bm25Params())

    def scores(self, queries: QueryBatch) -> np.ndarray:
        return self.index.all_scores(queries.terms)


def learned(weights: dict[str, float]) -> Submission:
    """d2, d1, d3 by the fusion, where the word of the query stands in d1 alone."""
    variant = SubmissionParams.model_validate(
        {"retrievers": ["bm25", "dense", "questions"], "fusion": "calibrated", "rerank": "learned"}
    )
    queries = QueryBatch(["1", "2"], ["하", "안녕"], [["하"], []], np.zeros((2, 1), dtype=np.float16))
    asked = QuestionRetriever(np.zeros((0, 1), dtype=np.float16), [], np.zeros(0, dtype=np.int64), 4)
    pipeline = SearchPipeline(PASSAGES, [Words(), Fixed(), asked])
    fitted = {"bm25+dense+questions": {"bm25": 0.1, "dense": 1.0, "questions": 0.0}}
    order = LearnedOrder(LinearRanker(weights, 2, 40, "by hand"), "whitespace")
    plan = RerankPlan(None, {}, 15, None, order)
    return build(variant, UNDERSTOOD, queries, pipeline, fusion_of(variant, fitted), plan)


def test_the_learned_ranker_reorders_its_depth_and_says_so() -> None:
    made = learned({"coverage": 1.0})
    assert made.rows[0].topk == ["d1", "d2", "d3"]
    assert made.metrics["learned"] == {"used": True, "reason": "by hand"}
    first, _, third = made.lineage[0].candidates
    assert first["learned_score"] == 1.0
    assert third["learned_score"] is None  # below the depth of 2: in the fused order


def test_without_weights_the_fused_order_stays() -> None:
    made = learned({})
    assert made.rows[0].topk == ["d2", "d1", "d3"]
    assert made.metrics["learned"]["used"] is False
    assert "learned_score" not in made.lineage[0].candidates[0]
