"""Hand-worked swaps, unions and cascades."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from sunwi.errors import DataError, ParamsError
from sunwi.params.combinations import CombinationParams, Swap, UnionPool
from sunwi.params.reading import validate
from sunwi.params.whole import Params
from sunwi.records.ranking import RankedDocument, Ranking, from_row, gap, to_row
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.fusion.method import Fusion
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.submit.combining import OrderedBy, combine
from sunwi.submit.multi_query import rank_multi_query, searches
from sunwi.submit.rank_fusion import fuse_ranked_lists
from sunwi.submit.swap import conservative_swap
from sunwi.submit.union import union_rerank


def ranking(**scores: float | None) -> Ranking:
    return Ranking([RankedDocument(docid, docid, score, {}) for docid, score in scores.items()])


def swap(margin: float, limit: int) -> Swap:
    return Swap.model_validate({"from": "one", "to": "two", "margin": margin, "limit": limit})


# gaps of b behind a: q1 .1, q2 .2, q3 .5 of the spread; q4 agrees; q5's choice is not scored
FIRST = {
    "q1": ranking(a=10.0, b=9.0, c=0.0),
    "q2": ranking(a=1.0, b=0.8, c=0.0),
    "q3": ranking(a=1.0, b=0.5, c=0.0),
    "q4": ranking(a=1.0, b=1.0, c=0.0),
    "q5": ranking(a=1.0, b=None, c=None),
}
OTHER = {
    "q1": ranking(b=3.0, a=2.0),
    "q2": ranking(b=3.0, a=2.0),
    "q3": ranking(b=3.0, a=2.0),
    "q4": ranking(a=3.0, b=2.0),
    "q5": ranking(b=3.0, a=2.0),
}


class TestGap:
    def test_it_is_a_share_of_the_spread_over_the_first_ten(self) -> None:
        eleven = {f"d{at:02}": 100.0 - at * 10 for at in range(10)} | {"d10": -1000.0}
        assert gap(ranking(**eleven), "d01") == pytest.approx(10 / 90)
        assert gap(ranking(**eleven), "d10") is None

    def test_equal_scores_have_none_and_unscored_ones_are_unknown(self) -> None:
        assert gap(ranking(a=2.0, b=2.0), "b") == 0.0
        assert gap(ranking(a=2.0, b=None), "b") is None
        assert gap(ranking(a=2.0), "a") is None


class TestConservativeSwap:
    @pytest.mark.parametrize(
        ("margin", "limit", "swapped"),
        [
            (0.05, 5, []),
            (0.1, 5, ["q1"]),
            (0.2, 5, ["q1", "q2"]),
            (0.2, 1, ["q1"]),
            (1.0, 9, ["q1", "q2", "q3"]),
        ],
    )
    def test_the_closest_open_queries_are_swapped(
        self, margin: float, limit: int, swapped: list[str]
    ) -> None:
        found = conservative_swap(FIRST, OTHER, swap(margin, limit))
        assert [qid for qid in sorted(FIRST) if found.rankings[qid].document_ids[0] == "b"] == swapped
        assert found.metrics["disagree"] == 4
        assert found.metrics["swapped"] == len(swapped)

    def test_two_documents_change_places_and_the_scores_stay(self) -> None:
        found = conservative_swap(
            {"q": ranking(a=1.0, b=0.9, c=0.88, d=0.0)}, {"q": ranking(c=1.0)}, swap(0.2, 1)
        )
        assert found.rankings["q"].document_ids == ["c", "b", "a", "d"]
        assert [place.score for place in found.rankings["q"].places] == [1.0, 0.9, 0.88, 0.0]
        assert found.rankings["q"].places[0].evidence == {"from_rank": 3, "to_rank": 1, "swap_gap": 0.12}
        assert found.rankings["q"].places[2].evidence == {"from_rank": 1, "to_rank": None}

    def test_equal_gaps_are_taken_by_query_id(self) -> None:
        first = {qid: ranking(a=1.0, b=1.0, c=0.0) for qid in ("q2", "q1")}
        other = {qid: ranking(b=1.0) for qid in first}
        found = conservative_swap(first, other, swap(0.0, 1)).rankings
        assert (found["q1"].document_ids[0], found["q2"].document_ids[0]) == ("b", "a")

    def test_a_query_without_documents_is_left_alone(self) -> None:
        found = conservative_swap({"q": ranking()}, {"q": ranking(b=1.0)}, swap(1.0, 1))
        assert found.rankings["q"].document_ids == []


class Liking:
    """A reranker that scores a passage by the digit in it."""

    def score(self, name: str, pairs: list[tuple[str, str]]) -> np.ndarray:
        assert name == "late_interaction"
        return np.array([float(text) for _, text in pairs], dtype=np.float32)


class TestUnion:
    MEMBERS: ClassVar[dict[str, Any]] = {
        "one": {"q": ranking(a=9.0, b=8.0, c=7.0)},
        "two": {"q": ranking(b=9.0, d=8.0, e=7.0)},
    }
    TEXTS: ClassVar[dict[str, Any]] = {"a": "1", "b": "2", "c": "3", "d": "9", "e": "5"}

    def union(self, weights: dict[str, float], depth: int = 2) -> Ranking:
        settings = UnionPool(of=["one", "two"], depth=depth)
        return union_rerank(["q"], ["질문"], self.MEMBERS, settings, self.TEXTS, Liking(), weights)["q"]

    def test_without_a_weight_it_is_rrf_over_the_members(self) -> None:
        # b: 1/62 + 1/61; a: 1/61; d: 1/62. Below the pool c and e tie at their third places: by id.
        found = self.union({})
        assert found.document_ids == ["b", "a", "d", "c", "e"]
        assert [place.score for place in found.places[3:]] == [None, None]
        assert found.places[0].evidence == {
            "fused_rank": 1, "fused_score": round(1 / 61 + 1 / 62, 6), "one_rank": 2, "two_rank": 1,
        }  # fmt: skip

    def test_the_reranker_orders_the_pool_alone(self) -> None:
        found = self.union({"late_interaction": 5.0})
        assert found.document_ids[0] == "d"
        assert found.document_ids[3:] == ["c", "e"]
        assert found.places[0].evidence["late_interaction_score"] == 9.0

    def test_a_pool_of_everything_loses_nothing(self) -> None:
        assert sorted(self.union({}, depth=10).document_ids) == ["a", "b", "c", "d", "e"]


def understood(eval_id: int, **more: object) -> UnderstoodQuery:
    row = {"eval_id": eval_id, "standalone_query": "질문", "needs_retrieval": True, "source": "rules"}
    return UnderstoodQuery.model_validate(row | more)


class TestCombine:
    COMBINATIONS: ClassVar[dict[str, Any]] = {
        "swapped": CombinationParams.model_validate({"swap": {"from": "one", "to": "two", "margin": 1.0}}),
        "joined": CombinationParams.model_validate(
            {"union": {"of": ["swapped", "two"], "depth": 1, "rerank": "none"}, "k": 2}
        ),
    }
    RANKINGS: ClassVar[dict[str, Any]] = {
        "one": {"1": ranking(a=1.0, b=0.9, c=0.0)},
        "two": {"1": ranking(b=1.0, c=0.0)},
    }

    def make(self, name: str, rows: list[UnderstoodQuery]) -> list[str]:
        texts = {docid: docid for docid in "abc"}
        by = OrderedBy(self.no_reranker, lambda _: {})
        made = combine(name, self.COMBINATIONS, self.RANKINGS.__getitem__, rows, texts, by)
        return made.rows[0].topk

    @staticmethod
    def no_reranker(_: str) -> None:
        raise AssertionError("no reranker is asked for")

    def test_combinations_read_combinations(self) -> None:
        assert self.make("swapped", [understood(1)]) == ["b", "a", "c"]
        assert self.make("joined", [understood(1)]) == ["b", "c"]  # of the tails, c stands in both

    def test_chitchat_stays_empty(self) -> None:
        assert self.make("swapped", [understood(1, needs_retrieval=False)]) == []

    def test_rankings_of_other_queries_are_refused(self) -> None:
        with pytest.raises(DataError, match="queries differ: 1, 2"):
            self.make("swapped", [understood(2)])


class TestParams:
    BASE: ClassVar[dict[str, Any]] = {"submissions": {"dense_base": {}, "x": {}}}

    @pytest.mark.parametrize(
        ("combinations", "fault"),
        [
            ({"c": {"union": {"of": ["x", "zz"]}}}, "reads ['zz']"),
            ({"c": {"union": {"of": ["c", "x"]}}}, "reads itself: c -> c"),
            (
                {"c": {"union": {"of": ["d", "x"]}}, "d": {"swap": {"from": "c", "to": "x"}}},
                "combinations.c reads itself: c -> d -> c",
            ),
            ({"x": {"union": {"of": ["x", "dense_base"]}}}, "submissions has a variant of this name too"),
            ({"c": {"union": {"of": ["x", "x"]}}}, "names a variant twice"),
            ({"c": {}}, "expected one of swap, union and arbiter"),
            ({"c": {"swap": {"from": "x", "to": "dense_base"}, "tiebreak": {}}}, "llm.provider is none"),
        ],
    )
    def test_what_cannot_be_built_is_refused(self, combinations: dict[str, object], fault: str) -> None:
        with pytest.raises(ParamsError) as refused:
            validate(Params, self.BASE | {"combinations": combinations}, "params.yaml")
        assert fault in str(refused.value)


class TestRankFusion:
    def test_weights_and_missing_ids(self) -> None:
        found = fuse_ranked_lists({"one": ["a", "b"], "two": ["b"]}, 1, {"one": 1.0, "two": 0.5})
        assert found == [("b", 1 / 3 + 0.25), ("a", 0.5)]

    def test_ties_are_broken_by_id(self) -> None:
        assert [docid for docid, _ in fuse_ranked_lists({"one": ["b", "c"], "two": ["a", "c"]}, 60)] == [
            "c",
            "a",
            "b",
        ]


class Letters:
    """Scores a passage by how often it has the query's letter."""

    name = "dense"

    def scores(self, queries: QueryBatch) -> np.ndarray:
        texts = ("가가나", "나나", "다")
        return np.array([[text.count(query) for text in texts] for query in queries.texts], dtype=np.float32)


class TestCascade:
    PIPELINE = SearchPipeline(
        Passages(["d1", "d2", "d3"], ["", "", ""], ["d1", "d2", "d3"], {"d1": 0, "d2": 1, "d3": 2}),
        [Letters()],
    )

    def rank(self, weights: dict[str, float]) -> tuple[list[str], dict[str, list[int]]]:
        row = understood(1, standalone_query="가", variants=["나", "가"], hypothetical_document="다")
        asked = searches([row], ["standalone", "variants", "hyde"], weights)
        batch = QueryBatch(
            ["1"] * len(asked), [one.text for one in asked], [[]] * len(asked), np.zeros((len(asked), 1))
        )
        found = rank_multi_query(asked, batch, 1, self.PIPELINE, ["dense"], Fusion("weighted", {}), 60, 1)
        names = [self.PIPELINE.passages.docids[at] for at in found[0].positions]
        return names, {name: ranks.tolist() for name, ranks in found[0].ranks.items()}

    def test_each_search_votes_with_its_weight(self) -> None:
        # depth 1: the query finds d1, its variant d2, the hypothetical document d3
        names, ranks = self.rank({"variants": 2.0, "hyde": 1.5})
        assert names == ["d2"]
        assert ranks == {"standalone": [2], "variant1": [1], "hyde": [2]}
        assert self.rank({"variants": 0.5, "hyde": 0.5})[0] == ["d1"]

    def test_repeated_texts_are_searched_once_and_variants_share_their_weight(self) -> None:
        row = understood(1, standalone_query="가", variants=["나", "가", "다"])
        found = searches([row], ["standalone", "variants", "hyde"], {"variants": 1.0})
        assert [(one.name, one.text, one.weight) for one in found] == [
            ("standalone", "가", 1.0), ("variant1", "나", 0.5), ("variant2", "다", 0.5),
        ]  # fmt: skip

    def test_a_query_without_the_arms_text_is_still_searched(self) -> None:
        assert [one.name for one in searches([understood(1)], ["hyde"], {})] == ["standalone"]


def test_a_ranking_reads_back_as_written() -> None:
    row = to_row(1, ranking(a=2.0, b=1.0, c=None))
    assert row.scores == [2.0, 1.0]
    assert from_row(row) == ranking(a=2.0, b=1.0, c=None)
