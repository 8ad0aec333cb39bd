"""Understanding of whole sets of dialogues."""

from __future__ import annotations

from pathlib import Path

import pytest

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.params.query import QueryParams
from sunwi.query.understand import Understanding, understand
from sunwi.records.corpus import Message, Query
from sunwi.records.files import read_rows
from sunwi.trec import Qrels, read_qrels

DEMO = Path(__file__).parents[2] / "data" / "demo"
MAX_LENGTH = 64


def ask(eval_id: int | str, *turns: str) -> Query:
    """A dialogue of an odd number of turns, from the user's first to the user's last."""
    messages = [
        Message(role="assistant" if at % 2 else "user", content=turn) for at, turn in enumerate(turns)
    ]
    return Query(eval_id=eval_id, messages=messages)


QUERIES = [
    ask(1, "판다는 왜 대나무만 먹어?"),
    ask(2, "하하 너 진짜 재밌다"),
    ask(3, "코알라는 하루에 스무 시간이나 잔다며?", "네, 그렇습니다.", "그럼 언제 먹어?"),
]


@pytest.fixture(scope="module")
def demo_dev() -> tuple[list[Query], Qrels]:
    return read_rows(DEMO / "dev_queries.jsonl", Query), read_qrels(DEMO / "dev_qrels.tsv")


@pytest.fixture(scope="module")
def demo(encoder: Encoder, demo_dev: tuple[list[Query], Qrels]) -> Understanding:
    queries = read_rows(DEMO / "queries.jsonl", Query)
    return understand(queries, encoder, MAX_LENGTH, QueryParams(), demo_dev)


class TestRows:
    def test_each_dialogue_becomes_one_row_in_order(self, encoder: Encoder) -> None:
        found = understand(QUERIES, encoder, MAX_LENGTH, QueryParams(), None)
        assert [(row.eval_id, row.needs_retrieval, row.source) for row in found.rows] == [
            (1, True, "rules"),
            (2, False, "rules"),
            (3, True, "rules"),
        ]
        assert found.rows[0].standalone_query == "판다는 왜 대나무만 먹어?"
        assert found.rows[2].standalone_query.startswith("코알라")
        assert found.dev_rows == []

    def test_counts_are_of_the_dialogues(self, encoder: Encoder) -> None:
        metrics = understand(QUERIES, encoder, MAX_LENGTH, QueryParams(), None).metrics
        counts = {
            name: metrics[name] for name in ("queries", "chitchat", "multi_turn", "rewritten", "empty_ids")
        }
        assert counts == {"queries": 3, "chitchat": 1, "multi_turn": 1, "rewritten": 1, "empty_ids": 0}
        assert metrics["examples"]["cross_validated_accuracy"] >= 0.95
        assert "dev" not in metrics

    def test_without_context_terms_nothing_is_rewritten(self, encoder: Encoder) -> None:
        found = understand(QUERIES, encoder, MAX_LENGTH, QueryParams(context_terms=0), None)
        assert found.metrics["rewritten"] == 0
        assert found.rows[2].standalone_query == "그럼 언제 먹어?"

    def test_no_dialogues_give_no_rows(self, encoder: Encoder) -> None:
        assert understand([], encoder, MAX_LENGTH, QueryParams(), None).rows == []


class TestThreshold:
    def test_params_come_before_dev(self, encoder: Encoder, demo_dev: tuple[list[Query], Qrels]) -> None:
        found = understand(QUERIES, encoder, MAX_LENGTH, QueryParams(chitchat_threshold=0.0), demo_dev)
        assert (found.metrics["threshold"], found.metrics["threshold_source"]) == (0.0, "params")
        assert not any(row.needs_retrieval for row in found.rows)

    def test_dev_of_one_kind_leaves_it_to_the_examples(self, encoder: Encoder) -> None:
        alone = understand(QUERIES, encoder, MAX_LENGTH, QueryParams(), None).metrics
        one_kind = understand(
            QUERIES, encoder, MAX_LENGTH, QueryParams(), (QUERIES[:1], {"1": {"d": 1}})
        ).metrics
        assert alone["threshold_source"] == one_kind["threshold_source"] == "examples"
        assert alone["threshold"] == one_kind["threshold"]

    def test_a_dev_dialogue_judged_without_relevance_is_chitchat(self, encoder: Encoder) -> None:
        qrels = {"1": {"d": 1}, "2": {"d": 0}, "3": {"d": 2}}
        metrics = understand(QUERIES, encoder, MAX_LENGTH, QueryParams(), (QUERIES, qrels)).metrics
        assert metrics["threshold_source"] == "dev"
        assert metrics["dev"] == {"queries": 3, "accuracy": 1.0, "precision": 1.0, "recall": 1.0}

    def test_what_people_judged_is_no_guess_from_the_qrels(self, encoder: Encoder) -> None:
        """Of query 1 no document is relevant, but people called it a search."""
        qrels = {"1": {"d": 0}, "3": {"d": 2}}
        judged = {"1": False, "2": True, "3": False}
        found = understand(QUERIES, encoder, MAX_LENGTH, QueryParams(), (QUERIES, qrels), judged=judged)
        alone = understand(QUERIES, encoder, MAX_LENGTH, QueryParams(), None).metrics["threshold"]
        metrics = found.metrics
        assert metrics["threshold_source"] == "judged"
        assert metrics["judged"]["chitchat"] == 1
        assert metrics["judged"]["prior"] == alone
        fitted = metrics["judged"]["fitted"]
        assert metrics["threshold"] == pytest.approx((3 * fitted + 50 * alone) / 53, abs=1e-4)
        assert metrics["dev"] == {"queries": 3, "accuracy": 1.0, "precision": 1.0, "recall": 1.0}


class TestEmptyIds:
    def test_they_win_and_are_named_as_the_source(self, encoder: Encoder) -> None:
        found = understand(QUERIES, encoder, MAX_LENGTH, QueryParams(empty_ids=[1, "2"]), None)
        assert [(row.needs_retrieval, row.source) for row in found.rows] == [
            (False, "empty_ids"),
            (False, "empty_ids"),
            (True, "rules"),
        ]
        assert found.metrics["empty_ids"] == 2

    def test_ids_that_are_not_there_are_all_named(self, encoder: Encoder) -> None:
        with pytest.raises(DataError, match=r"2 dialogues that do not exist: 77, x"):
            understand(QUERIES, encoder, MAX_LENGTH, QueryParams(empty_ids=[77, 1, "x"]), None)


class TestFaults:
    def test_all_dialogues_without_a_question_are_named(self, encoder: Encoder) -> None:
        silent = Query(eval_id="s", messages=[Message(role="assistant", content="네?")])
        blank = ask(9, "안녕", "네", " \u200b\n ")
        dev: tuple[list[Query], Qrels] = ([ask("d", "  ")], {})
        with pytest.raises(DataError, match=r"none in 3 dialogues: eval_id s, 9, d\b"):
            understand([*QUERIES, silent, blank], encoder, MAX_LENGTH, QueryParams(), dev)


class TestDemo:
    def test_dev_dialogues_are_told_apart(self, demo: Understanding) -> None:
        assert demo.metrics["threshold_source"] == "dev"
        assert demo.metrics["dev"]["accuracy"] >= 0.95
        assert len(demo.dev_rows) == demo.metrics["dev"]["queries"] == 84

    def test_unseen_dialogues_are_told_apart_nearly_as_well(self, demo: Understanding) -> None:
        labelled = read_qrels(DEMO / "qrels.tsv")
        right = [row.needs_retrieval == (row.qid in labelled) for row in demo.rows]
        assert sum(right) / len(right) >= 0.9

    def test_only_dialogues_of_several_turns_are_rewritten(self, demo: Understanding) -> None:
        assert 0 < demo.metrics["rewritten"] <= demo.metrics["multi_turn"] == 24
