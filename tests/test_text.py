"""Korean text: normal form, near-copy form, overlap, morphemes."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sunwi.cache import RowCache
from sunwi.text import (
    FRAME_TERMS,
    MAX_MARKS,
    PIECE,
    char_ngrams,
    cut_marks,
    jaccard,
    morphemes,
    normalise,
    overlap,
    pieces,
    sentences,
    sentences_of,
    squeeze,
    visible_form,
)

TERMS = st.lists(st.sampled_from(["물", "빛", "산소", "힘", "설명", "이유"]), max_size=6)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (unicodedata.normalize("NFD", "한글 각도"), "한글 각도"),
        ("한\u200b글\ufeff", "한글"),
        ("\u1112\u200b\u1161\u11ab", "한"),  # what the zero-width character parted composes
        ("  가 \t\u00a0\u202f 나\u3000 ", "가 나"),
        ("가\r\n나\r다\n\n \n라", "가\n나\n다\n라"),
        ("앞쪽\f뒤쪽\u2028끝", "앞쪽\n뒤쪽\n끝"),
        ("\x00가\x7f", "가"),
        ("", ""),
    ],
)
def test_normal_form(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


@settings(max_examples=200)
@given(st.text(max_size=40))
@example("\u1112\u00ad\u1161")
def test_the_normal_form_is_stable(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_squeeze_keeps_letters_and_digits() -> None:
    assert squeeze("Ｈ₂O, 즉 '물'!\n３개") == "h2o즉물3개"


def test_ngrams_and_jaccard_by_hand() -> None:
    assert char_ngrams("가나 다", 2) == {"가나", "나다"}
    assert char_ngrams("가", 2) == set()
    assert jaccard({"a", "b"}, {"b", "c"}) == 1 / 3
    assert jaccard(set(), set()) == 0.0


def test_overlap_by_hand() -> None:
    assert overlap(["물", "물", "빛"], ["물", "산소"]) == 0.5
    assert overlap(["물", "설명"], ["물"]) == 1.0  # words of asking do not count
    assert overlap([], ["물"]) == 0.0


@settings(max_examples=100)
@given(TERMS, TERMS)
def test_overlap_is_a_share(question: list[str], passage: list[str]) -> None:
    share = overlap(question, passage)
    assert 0.0 <= share <= 1.0
    assert overlap(question, [*passage, *question]) == (1.0 if set(question) - FRAME_TERMS else 0.0)
    assert overlap(question, set(passage)) == share
    assert overlap([*question, *question], passage) == share


def test_morphemes_are_content_words_in_reading_order() -> None:
    (terms,) = morphemes(["식물의 엽록체가 DNA를 3개 만들었다."])
    assert terms.index("식물") < terms.index("엽록체") < terms.index("dna")
    assert "만들" in terms
    assert not {"의", "가", "를", "었", "다", "."} & set(terms)


def test_cached_morphemes_equal_fresh_ones(own_cache: Path) -> None:
    texts = ["지각판이 움직인다.", "", "산소를 나른다.", "지각판이 움직인다.", "...!"]
    fresh = morphemes(texts)
    with RowCache("morphemes") as cache:
        assert len(cache) == 4  # a repeated text is analysed once
    assert morphemes(texts) == fresh
    assert morphemes(texts[::-1]) == fresh[::-1]
    assert fresh[1] == fresh[4] == []
    assert [morphemes([text])[0] for text in texts] == fresh


def test_sentences() -> None:
    assert sentences("물은 흐른다. 산은 높다.") == ["물은 흐른다.", "산은 높다."]


def test_runs_of_combining_marks_are_cut_before_any_normal_form_sorts_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sorting n marks takes n * n / 4 steps; no more than MAX_MARKS in a row reach it."""
    longest = 0
    real = unicodedata.normalize

    def counting(form: str, text: str) -> str:
        nonlocal longest
        marks = "".join(
            "m" if unicodedata.combining(char) or char in "\uff9e\uff9f" else " " for char in text
        )
        longest = max([longest, *map(len, marks.split())])
        return real(form, text)  # type: ignore[arg-type]  form is a Literal there

    monkeypatch.setattr("sunwi.text.unicodedata.normalize", counting)
    joined = "\u0316" * MAX_MARKS + "\u200d" + "\u0301"
    for run in (joined, "\u0316\u0301", "\u0301\u20e3\u0f71", "\uff9e\u0316", "\u0345\u0316\u3099"):
        for step in (normalise, squeeze, visible_form):
            step("가" + 5000 * run + " 나" + 40 * run)
    assert longest == MAX_MARKS


def test_marks_of_real_text_stay() -> None:
    text = "e\u0301 q\u0323\u0307 ก็ " + "\U0001f468\u200d\U0001f469 " + "□" * 100 + "o" + "\u0301" * MAX_MARKS
    assert cut_marks(text) == text
    assert cut_marks("o" + "\u0301" * (MAX_MARKS + 1)) == "o" + "\u0301" * MAX_MARKS


@pytest.mark.parametrize("unit", ["물은 언다. ", "물은 섭씨 0도에서 얼고 ", "가나다라", '."'])
def test_the_analyser_gets_a_long_line_in_parts(
    unit: str, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    seen: list[str] = []

    class Analyser:
        def split_into_sents(self, texts: str | list[str]) -> object:
            parts = [texts] if isinstance(texts, str) else texts
            seen.extend(parts)
            split = [[SimpleNamespace(text=part.strip())] for part in parts]
            return split[0] if isinstance(texts, str) else split

        def tokenize(self, texts: list[str]) -> object:
            seen.extend(texts)
            return [[SimpleNamespace(tag="NNG", form=text, start=0, len=len(text))] for text in texts]

    monkeypatch.setattr("sunwi.text.kiwi", lambda *_: Analyser())
    line = unit * 10_000
    for split in (sentences, lambda text: sentences_of([text])[0], lambda text: morphemes([text])[0]):
        seen.clear()
        parts = split(line)
        assert max(map(len, seen)) <= PIECE
        assert set(seen) == set(pieces(line))  # equal parts are analysed once
        assert len(seen) <= len(line) / PIECE * 2 + 1
        assert "".join("".join(parts).split()) == "".join(line.split())
    if unit.endswith(". "):
        assert all(part.endswith(". ") for part in seen[:-1])
    seen.clear()
    short = unit * (PIECE // len(unit))
    sentences(short)
    assert seen == [short]


def test_sentences_of_a_long_line_are_those_of_its_parts() -> None:
    line = "물은 언다. " * 1500
    assert sentences(line) == ["물은 언다."] * 1500
    assert sentences_of([line]) == [["물은 언다."] * 1500]
