"""A variant of a small project: which rerankers, weights and retrievers it is built with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.small_project import DEV, LENGTHS, TEST, write_project, write_vectors
from tests.train.sparse.conftest import KOREAN, write_bert

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.models.sparse.encoder import SparseEncoder, load_sparse
from sunwi.models.spec import ModelInfo
from sunwi.params.sparse import SparseParams
from sunwi.params.submissions import SubmissionParams
from sunwi.paths import INDEX, QUERIES, RERANKER, SPARSE, STAGE1
from sunwi.records.corpus import Document
from sunwi.records.files import write_json, write_rows
from sunwi.records.submissions import LineageRow, UnderstoodQuery
from sunwi.search.passages import Passages
from sunwi.submit.building import RerankPlan
from sunwi.submit.variant import build_variant, rerank_plan
from sunwi.train.sparse.start import start_encoder
from sunwi.workspace.base import Workspace

LATE = {"late_interaction": 0.5}
TUNED = {"late_interaction_tuned": 1.0}
CURVE = {"slope": 2.0, "offset": -1.0}


class TestRerankPlan:
    @pytest.fixture(autouse=True)
    def _a_depth(self, project: Path) -> None:
        text = f"{LENGTHS}train_reranker: {{depth: 7}}\n"
        (project / "params.yaml").write_text(text, encoding="utf-8")

    @pytest.fixture
    def trained(self, project: Path, builtin_model: ModelInfo) -> Path:
        """Both stages' rerankers, each with its blend."""
        for folder in (RERANKER, STAGE1):
            write_json(project / folder / "method.json", {"method": "late_interaction"})
            (project / folder / "merged").symlink_to(builtin_model.folder)
        final = {"late_interaction": LATE, "both": TUNED, "calibration": {"late_interaction": CURVE}}
        write_json(project / INDEX / "blend.json", final)
        write_json(project / INDEX / "blend_stage1.json", {"both": {"late_interaction": 3.0}})
        for which, weight in (("base", 0.75), ("promoted", 0.25)):
            untrained = {"late_interaction": {"late_interaction": weight}}
            calibration = {"late_interaction": CURVE}
            write_json(project / INDEX / f"blend_{which}.json", {**untrained, "calibration": calibration})
        return project

    def plan(self, project: Path, model: Encoder, /, **settings: Any) -> RerankPlan:
        return rerank_plan(Workspace(project), SubmissionParams.model_validate(settings), model)

    def test_without_reranking_no_file_is_read(self, project: Path, encoder: Encoder) -> None:
        assert self.plan(project, encoder) == RerankPlan(None, {}, 7, None)

    @pytest.mark.parametrize(("which", "weight"), [("base", 0.75), ("promoted", 0.25)])
    def test_untrained_maxsim_has_the_weight_of_its_encoder(
        self, trained: Path, encoder: Encoder, which: str, weight: float
    ) -> None:
        for file in ("blend.json", "blend_stage1.json"):
            (trained / INDEX / file).unlink()  # it waits for no trained reranker
        plan = self.plan(trained, encoder, encoder=which, rerank="late_interaction", rerank_depth=3)
        assert (plan.weights, plan.depth, plan.calibration) == ({"late_interaction": weight}, 3, CURVE)
        assert plan.rerankers is not None
        assert plan.rerankers.names == ("late_interaction",)

    def test_fitted_weights_come_with_their_calibration(self, trained: Path, encoder: Encoder) -> None:
        fitted = {"late_interaction_tuned": TUNED, "calibration": {"late_interaction_tuned": CURVE}}
        write_json(trained / INDEX / "blend.json", fitted)
        plan = self.plan(trained, encoder, rerank="late_interaction_tuned", rerank_depth=3)
        assert (plan.weights, plan.depth, plan.calibration) == (TUNED, 3, CURVE)
        assert plan.rerankers is not None
        assert plan.rerankers.names == ("late_interaction", "late_interaction_tuned")

    def test_a_blend_without_calibration_has_none(self, trained: Path, encoder: Encoder) -> None:
        plan = self.plan(trained, encoder, rerank="both")
        assert (plan.weights, plan.depth, plan.calibration) == (TUNED, 7, None)

    def test_given_weights_are_another_blend_than_the_calibrated(
        self, trained: Path, encoder: Encoder
    ) -> None:
        (trained / INDEX / "blend.json").unlink()  # nothing of it is needed
        given = {"retriever": 0.2, "late_interaction": 1.0}
        plan = self.plan(trained, encoder, rerank="late_interaction", rerank_weights=given)
        assert (plan.weights, plan.calibration) == (given, None)
        assert plan.rerankers is not None

    def test_stage1_has_its_own_reranker_and_blend(self, trained: Path, encoder: Encoder) -> None:
        for name in ("method.json", "merged"):
            (trained / RERANKER / name).unlink()
        (trained / INDEX / "blend.json").unlink()
        plan = self.plan(trained, encoder, rerank="both", reranker="stage1")
        assert (plan.weights, plan.calibration) == ({"late_interaction": 3.0}, None)
        assert plan.rerankers is not None
        assert "late_interaction_tuned" in plan.rerankers.names

    def test_without_training_the_encoders_own_reranker_is_left(
        self, project: Path, encoder: Encoder
    ) -> None:
        (project / RERANKER).mkdir(parents=True)
        write_json(project / INDEX / "blend.json", {"both": LATE, "calibration": {}})
        plan = self.plan(project, encoder, rerank="both")
        assert (plan.weights, plan.calibration) == (LATE, None)
        assert plan.rerankers is not None
        assert plan.rerankers.names == ("late_interaction",)
        assert self.plan(project, encoder, rerank="cross_encoder").weights == {}


SUBMISSIONS = """
score: {baseline: words}
submissions:
  words: {encoder: base, retrievers: [bm25], fusion: weighted, k: 1}
  fitted: {encoder: base, retrievers: [dense, bm25], depth: 4}
  reranked:
    {encoder: base, retrievers: [bm25], fusion: weighted, rerank: late_interaction,
     rerank_weights: {late_interaction: 5.0}, rerank_depth: 2}
"""


class TestBuildVariant:
    @pytest.fixture(autouse=True)
    def _ready(self, project: Path, tiny_corpus: list[Document], encoder: Encoder) -> None:
        write_project(project, tiny_corpus, SUBMISSIONS)
        write_vectors(project, tiny_corpus, encoder, "base")
        fitted = {"bm25+dense": {"bm25": 0.25, "dense": 1.0}, "bm25": {"bm25": 9.0}}
        write_json(project / INDEX / "fusion_base.json", fitted)

    def test_test_and_dev_dialogues_get_their_rows(self, project: Path) -> None:
        submission, dev = build_variant(Workspace(project), "words")
        assert [(row.eval_id, row.topk) for row in submission.rows] == [(1, ["d3"]), (2, ["d4"]), (3, [])]
        assert [row.standalone_query for row in submission.rows] == TEST
        assert [(row.eval_id, row.topk) for row in dev.rows] == [(1, ["d2"]), (2, ["d5"]), (3, [])]
        assert [row.standalone_query for row in dev.rows] == DEV

    def test_its_metrics_tell_what_it_reaches_on_dev(self, project: Path) -> None:
        submission, dev = build_variant(Workspace(project), "words")
        # d2 is found, d7 is not, and chit-chat gets an empty topk: (1 + 0 + 1) / 3
        assert submission.metrics["dev_map"] == pytest.approx(2 / 3, abs=1e-6)
        assert submission.metrics["dev_queries"] == 3
        assert submission.metrics["weights"] == {"bm25": 1.0}
        assert "engine" not in submission.metrics
        assert "llm" not in submission.metrics
        assert "dev_map" not in dev.metrics

    def test_a_project_without_dev_dialogues_has_no_such_figure(self, project: Path) -> None:
        write_rows(project / QUERIES / "dev_understood.jsonl", [])
        submission, dev = build_variant(Workspace(project), "words")
        assert dev.rows == []
        assert not submission.metrics.keys() & {"dev_map", "dev_queries"}

    def test_fitted_weights_are_those_of_its_encoder_and_retrievers(self, project: Path) -> None:
        submission, _ = build_variant(Workspace(project), "fitted")
        assert submission.metrics["weights"] == {"bm25": 0.25, "dense": 1.0}
        assert {len(places) for places in submission.run.values()} == {4}

    def test_its_first_places_are_reranked(self, project: Path) -> None:
        submission, _ = build_variant(Workspace(project), "reranked")
        assert submission.metrics["rerank_weights"] == {"late_interaction": 5.0}
        scored = [one.get("late_interaction_score") is not None for one in submission.lineage[0].candidates]
        assert sum(scored) == 2


class TestSparse:
    """A sparse encoder beside BM25, over ten passages about ten words."""

    @pytest.fixture
    def learned(
        self, tmp_path: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[Path, Passages, SparseEncoder]:
        monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "cache"))
        texts = [f"{word} {word} {KOREAN[(at + 1) % 10]} ." for at, word in enumerate(KOREAN)]
        docids = ["d4#1" if at == 4 else f"d{at}" for at in range(10)]  # one of the kept questions is of it
        corpus = [Document(docid=docid, content=text) for docid, text in zip(docids, texts, strict=True)]
        both = "encoder: base, retrievers: [bm25, sparse]"
        settings = f"""
sparse: {{passage_max_length: 12, query_max_length: 8}}
score: {{baseline: both}}
submissions: {{both: {{{both}, fusion: weighted, weights: {{bm25: 0.0, sparse: 1.0}}, depth: 10}}}}
"""
        project = write_project(tmp_path / "project", corpus, settings)
        write_vectors(project, corpus, encoder, "base")
        write_json(project / INDEX / "fusion_base.json", {})
        asked = [
            UnderstoodQuery(eval_id=at, standalone_query=word, needs_retrieval=True, source="x")
            for at, word in enumerate(KOREAN)
        ]
        write_rows(project / QUERIES / "understood.jsonl", asked)
        write_rows(project / QUERIES / "dev_understood.jsonl", [])
        bare = resolve(str(write_bert(tmp_path / "bare", "bare")))
        params = SparseParams(passage_max_length=12, max_terms=6)
        start_encoder(bare, texts, KOREAN, params, seed=3).save(bare, project / SPARSE)
        return project, Passages.of(corpus), load_sparse(project / SPARSE)

    def test_its_scores_are_the_vectors_products(self, learned: tuple[Path, Passages, SparseEncoder]) -> None:
        project, corpus, sparse = learned
        submission, _ = build_variant(Workspace(project), "both")
        queries, vectors = sparse.encode_queries(KOREAN, 8), sparse.encode_passages(corpus.texts, 12)
        expected = np.asarray((queries.matrix() @ vectors.matrix().T).todense())
        assert expected.max() > 0
        for row, of_query in zip(submission.lineage, expected, strict=True):
            found = {str(one["docid"]): one["sparse_score"] for one in row.candidates}
            assert len(found) == 10
            for docid, score in found.items():
                assert score == pytest.approx(float(of_query[corpus.position[docid]]), abs=1e-4)
            assert found[best(row)] == pytest.approx(float(of_query.max()), abs=1e-4)


def best(row: LineageRow) -> str:
    return str(row.candidates[0]["docid"])
