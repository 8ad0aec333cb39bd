"""Josa agree with what is read aloud."""

import unicodedata

import pytest

from sunwi.josa import KINDS, PAIRS, fill, final_sound, josa


@pytest.mark.parametrize(
    ("word", "kind", "expected"),
    [
        ("전도", "은", "는"),
        ("물질", "은", "은"),
        ("물", "으로", "로"),
        ("빛", "으로", "으로"),
        ("산소", "으로", "로"),
        ("금속", "이", "이"),
        ("세포", "이", "가"),
        ("열", "을", "을"),
        ("효소", "을", "를"),
        ("힘", "과", "과"),
        ("파도", "과", "와"),
        ("굴촉성", "이란", "이란"),
        ("산화", "이란", "란"),
        ("3", "은", "은"),  # 삼은
        ("2", "은", "는"),  # 이는
        ("1", "으로", "로"),  # 일로
        ("7", "으로", "로"),  # 칠로
        ("6", "으로", "으로"),  # 육으로
        ("10", "이", "이"),  # 십이
        ("1945", "이", "가"),  # 오가
        ("DNA", "은", "는"),  # 디엔에이는
        ("ATM", "은", "은"),  # 에이티엠은
        ("URL", "으로", "로"),  # 유알엘로
        ("mRNA", "은", "는"),
        ("n", "은", "은"),  # 엔은
        ("Python", "은", "은"),  # 파이썬은
        ("laser", "은", "는"),  # 레이저는
        ("chip", "은", "은"),  # 칩은
        ("robot", "이", "이"),  # 로봇이
        ("test", "은", "는"),  # 테스트는
        ("web", "은", "은"),  # 웹은
        ("table", "으로", "로"),  # 테이블로
        ("software", "은", "는"),
        ("규소(Si)", "은", "는"),
        ("원주율 π", "은", "는"),
        ("50%", "은", "는"),
        ("B12", "은", "는"),
        ("'열'", "은", "은"),
    ],
)
def test_josa(word: str, kind: str, expected: str) -> None:
    assert josa(word, kind) == expected


@pytest.mark.parametrize("word", ["漢", "", "☆"])
def test_unreadable_words_are_refused(word: str) -> None:
    assert final_sound(word) is None
    with pytest.raises(ValueError, match="cannot tell"):
        josa(word, "은")


def test_final_consonants_by_unicode() -> None:
    # an oracle of its own: the decomposed syllable ends in a jongseong, or does not
    for code in range(ord("가"), ord("힣") + 1, 37):
        syllable = chr(code)
        last = unicodedata.normalize("NFD", syllable)[-1]
        expected = "rieul" if last == "\u11af" else "closed" if last >= "\u11a8" else "open"
        assert final_sound(syllable) == expected


def test_fill_agrees_with_the_text_so_far() -> None:
    assert fill("{X}{이} {Y}{을} 결정하나요?", X="DNA", Y="색깔") == "DNA가 색깔을 결정하나요?"
    assert set(PAIRS) == {"은", "이", "을", "과", "이란", "이라고", "이나", "으로"}


def test_either_form_of_a_josa_names_its_kind() -> None:
    for kind, forms in PAIRS.items():
        for word, form in (("빛", forms[0]), ("나무", forms[1])):
            assert KINDS[form] == kind
            assert josa(word, KINDS[form]) == form
