"""Standalone queries: what a last turn takes from the turns before it."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.query.standalone import SELF_CONTAINED_TERMS, last_user_turn, standalone_query
from sunwi.records.corpus import Message


def talk(*turns: str) -> list[Message]:
    """Messages from lines like "u: text" and "a: text"."""
    roles: dict[str, Literal["user", "assistant", "system"]] = {"u": "user", "a": "assistant", "s": "system"}
    return [Message(role=roles[turn[0]], content=turn[2:].strip()) for turn in turns]


class TestSingleTurn:
    def test_is_the_turn_itself_cleaned_and_on_one_line(self) -> None:
        assert standalone_query(talk("u: 번개는\u200b   왜\n치나요? "), 8) == "번개는 왜 치나요?"

    def test_a_system_message_gives_no_context(self) -> None:
        assert standalone_query(talk("s: 너는 과학 도우미다", "u: 그게 뭐야?"), 8) == "그게 뭐야?"

    def test_no_user_turn_gives_an_empty_query(self) -> None:
        assert standalone_query(talk("a: 안녕하세요"), 8) == ""
        assert last_user_turn(talk("a: 안녕하세요")) == ""


class TestContext:
    def test_nouns_of_the_earlier_user_turn_stand_in_front(self) -> None:
        messages = talk(
            "u: 두루미는 겨울에 어디서 지내?", "a: 철원 들판에서 지냅니다.", "u: 거기서 뭘 먹고 살아?"
        )
        assert standalone_query(messages, 8) == "두루미 겨울 거기서 뭘 먹고 살아?"

    def test_the_assistant_is_asked_only_if_the_user_turns_give_none(self) -> None:
        messages = talk("u: 안녕", "a: 오늘은 화산을 소개합니다.", "u: 그건 왜 터져?")
        assert standalone_query(messages, 8).startswith("화산")

    def test_only_the_last_assistant_turn_is_read(self) -> None:
        messages = talk("u: 응", "a: 화산을 볼까요?", "u: 아니", "a: 그럼 빙하를 볼까요?", "u: 그건 왜 녹아?")
        query = standalone_query(messages, 8)
        assert "빙하" in query
        assert "화산" not in query

    def test_a_noun_that_the_last_turn_has_is_not_repeated(self) -> None:
        messages = talk("u: 고래는 포유류라며?", "a: 네.", "u: 그럼 고래는 어떻게 숨을 쉬어?")
        assert standalone_query(messages, 8) == "포유류 그럼 고래는 어떻게 숨을 쉬어?"

    def test_a_word_that_is_analysed_in_two_ways_is_taken_once(self) -> None:
        messages = talk("u: 초전도체 고래 초전도체", "a: 네.", "u: 고래")
        assert standalone_query(messages, 8) == "초전도체 고래"

    def test_question_frames_and_times_are_no_context(self) -> None:
        messages = talk("u: 요즘 무지개 이야기를 하는 사람이 많더라", "a: 네.", "u: 그건 왜 생겨?")
        assert standalone_query(messages, 8) == "무지개 그건 왜 생겨?"

    def test_names_latin_words_and_compounds_come_first(self) -> None:
        messages = talk("u: 날개 모양이 초음속 DNA 검사랑 무슨 상관이야", "a: 글쎄요.", "u: 그게 왜 그래?")
        assert standalone_query(messages, 2) == "초음속 DNA 그게 왜 그래?"

    def test_plural_suffix_is_left_out(self) -> None:
        messages = talk("u: 펭귄들이 모여 있더라", "a: 네.", "u: 왜 그러는 거야?")
        assert standalone_query(messages, 8) == "펭귄 왜 그러는 거야?"

    def test_turns_after_the_last_user_turn_are_ignored(self) -> None:
        messages = talk("u: 그건 왜 그래?", "a: 지진 때문입니다.")
        assert standalone_query(messages, 8) == "그건 왜 그래?"

    @pytest.mark.parametrize("terms", [0, 1, 2, 3])
    def test_context_terms_is_the_limit(self, terms: int) -> None:
        messages = talk("u: 사막 여우 귀 꼬리 다리", "a: 네.", "u: 그건 왜 커?")
        assert standalone_query(messages, terms).split()[:-3] == ["사막", "여우", "귀"][:terms]


class TestSelfContainedTurn:
    EARLIER = ("u: 소나무 참나무 대나무 단풍나무 이야기 좀 하자", "a: 좋아요.")

    def test_takes_little(self) -> None:
        last = "태풍 피해 보상 신청 서류 알려줘"
        query = standalone_query(talk(*self.EARLIER, f"u: {last}"), 8)
        assert query.removesuffix(last).split() == ["소나무", "참나무"]
        assert len(query.removesuffix(last).split()) == SELF_CONTAINED_TERMS

    @pytest.mark.parametrize("pointer", ["그럼", "이건", "그", "거기"])
    def test_a_pointer_makes_it_lean_on_all_earlier_turns(self, pointer: str) -> None:
        last = f"{pointer} 태풍 피해 보상 신청 서류 알려줘"
        query = standalone_query(talk(*self.EARLIER, f"u: {last}"), 8)
        assert query == f"소나무 참나무 대나무 단풍나무 {last}"

    def test_speakers_and_question_words_are_no_pointers(self) -> None:
        last = "나 태풍 피해 보상은 어디 누구한테 신청해?"
        query = standalone_query(talk(*self.EARLIER, f"u: {last}"), 8)
        assert len(query.removesuffix(last).split()) == SELF_CONTAINED_TERMS


words = st.sampled_from(
    ["고래", "지진", "DNA", "초전도체", "그건", "왜", "빨리", "크다", "김치", "서울", "2024년", "ㅋㅋ"]
)
texts = st.lists(words, min_size=1, max_size=6).map(" ".join)


@settings(max_examples=60)
@given(earlier=st.lists(texts, max_size=3), last=texts, terms=st.integers(0, 5))
def test_the_last_turn_ends_the_query_and_context_is_bounded(
    earlier: list[str], last: str, terms: int
) -> None:
    messages = talk(*(f"u: {turn}" for turn in earlier), f"u: {last}")
    query = standalone_query(messages, terms)
    assert query.endswith(last)
    added = query.removesuffix(last).split()
    assert len(added) == len(set(added))
    assert len(added) <= terms
    assert all(any(word in turn for turn in earlier) for word in added)


class TestTurns:
    """By whole turns: what the user said stays as it was said."""

    def test_a_follow_up_gets_the_earlier_user_turns(self) -> None:
        talk = [
            Message(role="user", content="정전기는\n왜 생겨?"),
            Message(role="assistant", content="마찰 때문입니다."),
            Message(role="user", content="그럼 그걸 어떻게 막아?"),
        ]
        assert standalone_query(talk, 8, "turns") == "정전기는 왜 생겨? 그럼 그걸 어떻게 막아?"

    def test_a_turn_that_names_its_topic_gets_two_nouns_at_most(self) -> None:
        talk = [
            Message(role="user", content="지구에서 달까지 거리는?"),
            Message(role="user", content="컴퓨터 레지스터와 캐시의 속도 차이는?"),
        ]
        assert standalone_query(talk, 8, "turns") == standalone_query(talk, 8, "nouns")

    def test_without_context_terms_the_last_turn_is_alone(self) -> None:
        talk = [Message(role="user", content="지진은?"), Message(role="user", content="왜?")]
        assert standalone_query(talk, 0, "turns") == "왜?"
