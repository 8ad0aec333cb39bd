"""Chit-chat: the committed examples, the classifier on them, and the threshold."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.query.chitchat import ChitchatModel, Example, Probabilities, calibrate, fit_chitchat, read_examples
from sunwi.text import char_ngrams, jaccard, squeeze

DEMO = Path(__file__).parents[2] / "data" / "demo"
MAX_LENGTH = 64


@pytest.fixture(scope="module")
def model(encoder: Encoder) -> ChitchatModel:
    return fit_chitchat(encoder, MAX_LENGTH, read_examples())


def single(model: ChitchatModel, turns: list[str]) -> Probabilities:
    """Probabilities of dialogues of one turn."""
    return model.probabilities(turns, turns)


def log_odds(probability: Any) -> Any:
    return np.log(probability / (1 - probability))


class TestExamples:
    def test_there_are_enough_of_each_label(self) -> None:
        counts = Counter(example.label for example in read_examples())
        assert min(counts["chitchat"], counts["search"]) >= 150

    def test_no_two_are_the_same_utterance(self) -> None:
        flat = [squeeze(example.text) for example in read_examples()]
        assert [text for text, count in Counter(flat).items() if count > 1] == []

    def test_none_copies_a_demo_turn(self) -> None:
        turns = {
            message["content"]
            for name in ("queries.jsonl", "dev_queries.jsonl")
            for line in (DEMO / name).read_text(encoding="utf-8").splitlines()
            for message in json.loads(line)["messages"]
        }
        known = [(turn, squeeze(turn), char_ngrams(turn, 2)) for turn in turns]
        copies = [
            (example, turn)
            for example in (example.text for example in read_examples())
            for flat, bigrams in [(squeeze(example), char_ngrams(example, 2))]
            for turn, turn_flat, turn_bigrams in known
            if flat == turn_flat or jaccard(bigrams, turn_bigrams) > 0.6
        ]
        assert copies == []


class TestClassifier:
    def test_holds_on_examples_it_was_not_fitted_on(self, model: ChitchatModel) -> None:
        assert model.accuracy >= 0.95
        assert 0.3 <= model.threshold <= 0.7

    def test_tells_clear_cases_apart(self, model: ChitchatModel) -> None:
        assert single(model, ["하하 너 진짜 재밌다", "나 너무 속상해서 울었어"]).min() > 0.8
        assert single(model, ["판다는 왜 대나무만 먹어?", "국세 환급금 조회 방법"]).max() < 0.2

    def test_is_half_way_between_the_log_odds_of_turn_and_standalone_query(
        self, model: ChitchatModel
    ) -> None:
        turn, standalone = "그럼 언제 먹어?", "코알라 그럼 언제 먹어?"
        both = model.probabilities([turn], [standalone])[0]
        apart = single(model, [turn, standalone])
        assert log_odds(both) == pytest.approx(log_odds(apart).mean(), abs=1e-9)

    def test_the_order_of_turns_does_not_matter(self, model: ChitchatModel) -> None:
        turns = ["고마워", "지구의 나이는?", "배고프다"]
        assert single(model, turns[::-1]) == pytest.approx(single(model, turns)[::-1])

    def test_a_second_fit_gives_the_same_numbers(self, encoder: Encoder, model: ChitchatModel) -> None:
        again = fit_chitchat(encoder, MAX_LENGTH, read_examples())
        assert (again.accuracy, again.threshold) == (model.accuracy, model.threshold)
        assert single(again, ["안녕"]).tolist() == single(model, ["안녕"]).tolist()

    def test_no_turns_give_no_probabilities(self, model: ChitchatModel) -> None:
        assert single(model, []).shape == (0,)

    def test_too_few_examples_of_a_label_are_named(self, encoder: Encoder) -> None:
        examples = [Example(text=f"질문 {number}", label="search") for number in range(9)]
        with pytest.raises(DataError, match="at least 5 examples of each label, found 0"):
            fit_chitchat(encoder, MAX_LENGTH, examples)


class TestCalibrate:
    def test_separable_kinds_are_split_in_the_middle_of_their_gap(self) -> None:
        assert calibrate([0.2, 0.7, 0.3, 0.9], [False, True, False, True]) == pytest.approx(0.5)

    def test_a_lost_query_costs_as_much_as_a_missed_chitchat(self) -> None:
        # below .5 one query is lost and above .5 one chit-chat missed; .3-.5 is the wider gap
        assert calibrate([0.1, 0.3, 0.5, 0.6], [False, True, False, True]) == pytest.approx(0.2)
        assert calibrate([0.25, 0.3, 0.5, 0.9], [False, True, False, True]) == pytest.approx(0.7)

    def test_equal_gaps_take_the_lowest(self) -> None:
        assert calibrate([0.25, 0.5, 0.75], [True, False, True]) == pytest.approx(0.125)

    def test_one_kind_alone_is_kept_whole(self) -> None:
        assert calibrate([0.2, 0.6], [False, False]) == pytest.approx(0.8)
        assert calibrate([0.4, 0.6], [True, True]) == pytest.approx(0.2)

    @pytest.mark.parametrize(("probabilities", "labels"), [([], []), ([0.5], []), ([0.5], [True, False])])
    def test_labels_must_fit(self, probabilities: list[float], labels: list[bool]) -> None:
        with pytest.raises(DataError, match="one label for each probability"):
            calibrate(probabilities, labels)

    @given(
        st.lists(
            st.tuples(st.integers(1, 99).map(lambda part: part / 100), st.booleans()), min_size=1, max_size=30
        )
    )
    def test_no_other_threshold_decides_better(self, judged: list[tuple[float, bool]]) -> None:
        values = np.array([value for value, _ in judged])
        labels = np.array([label for _, label in judged])
        threshold = calibrate(values, labels)
        assert 0 < threshold < 1
        tried = np.linspace(0, 1, 1001)
        assert ((values >= threshold) == labels).sum() == max(
            ((values >= cut) == labels).sum() for cut in tried
        )
