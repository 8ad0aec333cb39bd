"""The dictionary and its loader, swapped queries, the cross-lingual questions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.errors import InputProblems
from sunwi.records.mined import MinedRow
from sunwi.records.questions import Question
from sunwi.search.labelled import LabelledQuestion
from sunwi.train.sparse.bilingual.dictionary import TermPair, parse_terms, read_terms, science_terms
from sunwi.train.sparse.bilingual.swapping import TermSwapper, draw_variants
from sunwi.train.sparse.questions import (
    cross_lingual_questions,
    of_low_overlap,
    split_terms,
    with_swapped_terms,
)

PAIRS = [
    TermPair("검색", "search", "it"),
    TermPair("모델", "model", "it"),
    TermPair("언어 모델", "language model", "it"),
    TermPair("광합성", "photosynthesis", "biology"),
]


def test_the_committed_dictionary_has_hundreds_of_distinct_terms() -> None:
    pairs = science_terms()
    assert len(pairs) >= 300
    assert len({pair.korean for pair in pairs}) == len(pairs)
    assert pairs == sorted(pairs)


def test_every_fault_of_a_dictionary_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    path.write_text(
        "# ours\n검색\tsearch\tit\n검색\tretrieval\tit\nsearch\t검색\tit\n모델\tmodel\n힘 \tforce\t\n",
        encoding="utf-8",
    )
    with pytest.raises(InputProblems) as raised:
        read_terms(path)
    lines = [problem.line for problem in raised.value.problems]
    assert lines == [3, 4, 4, 5, 6, 6]
    assert "'검색' is already on line 2" in str(raised.value)


def test_an_empty_dictionary_is_refused() -> None:
    with pytest.raises(InputProblems, match="expected at least one term pair, found none"):
        parse_terms("# nothing\n\n", "terms.tsv")


def test_the_longest_term_is_swapped_and_its_josa_stays() -> None:
    swapper = TermSwapper(PAIRS)
    assert swapper.all_swapped("언어 모델은 검색에 쓰이나?") == "language model은 search에 쓰이나?"
    assert swapper.all_swapped("Photosynthesis가 뭐야?") == "광합성가 뭐야?"


@pytest.mark.parametrize("pairs", [[], [TermPair("물", "water", "x")]])
def test_without_terms_to_find_nothing_is_swapped(pairs: list[TermPair]) -> None:
    swapper = TermSwapper(pairs)  # a Korean term of one syllable is not looked for
    assert swapper.terms("물이 흐른다") == []
    assert swapper.variants("빛과 물") == []


def test_a_term_within_another_word_stays() -> None:
    swapper = TermSwapper(PAIRS)
    assert swapper.all_swapped("재검색과 모델링과 research") is None
    assert swapper.variants("광합성하는 식물") == []


def test_every_set_of_terms_is_swapped_once() -> None:
    swapper = TermSwapper(PAIRS)
    assert swapper.variants("광합성 검색 모델") == [
        "photosynthesis 검색 모델", "광합성 search 모델", "광합성 검색 model",
        "photosynthesis search 모델", "photosynthesis 검색 model", "광합성 search model",
        "photosynthesis search model",
    ]  # fmt: skip


@given(share=st.floats(0, 1), seed=st.integers(0, 99), plain=st.integers(0, 8), having=st.integers(0, 8))
def test_variants_are_capped_seeded_and_of_their_query(share, seed, plain, having) -> None:
    queries = [f"물 {n}" for n in range(plain)] + [f"검색 모델 {n}" for n in range(having)]
    swapper = TermSwapper(PAIRS)
    drawn = draw_variants(queries, swapper, share, seed)
    assert drawn == draw_variants(queries, swapper, share, seed)
    assert len(drawn) == min(having, round(share * len(queries)))
    assert len({row for row, _ in drawn}) == len(drawn)
    assert all(variant in swapper.variants(queries[row]) for row, variant in drawn)


def test_translations_of_one_term_are_held_out_together() -> None:
    pairs = [*science_terms(), TermPair("빛살", "light", "x"), TermPair("광", "light", "x")]
    split = split_terms(pairs)
    assert sorted([*split.trained, *split.held_out]) == sorted(pairs)
    assert not {p.english.lower() for p in split.trained} & {p.english.lower() for p in split.held_out}
    assert 0.1 < len(split.held_out) / len(pairs) < 0.3


def test_swapped_rows_stand_beside_their_own(water_rows) -> None:
    rows = [
        row.model_copy(update={"query": "광합성 모델"}) if number < 4 else row
        for number, row in enumerate(water_rows)
    ]
    made = with_swapped_terms(rows, PAIRS, share=0.2, seed=1)
    copies = [row for row in made if row.qid.endswith("~swapped")]
    assert len(made) == len(rows) + 2
    for copy in copies:
        own = next(row for row in rows if row.qid == copy.qid.removesuffix("~swapped"))
        assert copy.query != own.query
        assert (copy.pos, copy.neg) == (own.pos, own.neg)


def test_cross_lingual_questions_have_every_term_in_the_other_language() -> None:
    labels = [
        LabelledQuestion("a", "언어 모델이란?", (1,), "test", "natural", 0.5),
        LabelledQuestion("b", "물은 왜 어나?", (2,), "test", "natural", 0.5),
        LabelledQuestion("c", "photosynthesis의 과정", (3,), "test", "natural", 0.5),
    ]
    actual = cross_lingual_questions(labels, PAIRS)
    assert [(label.qid, label.text) for label in actual] == [
        ("a", "language model이란?"),
        ("c", "광합성의 과정"),
    ]
    assert actual[0].relevant == (1,)


def test_rows_of_questions_that_copy_too_much_are_left_out(water_rows: list[MinedRow]) -> None:
    overlaps = {row.qid: 0.1 * number for number, row in enumerate(water_rows)}
    questions = [
        Question(
            qid=qid, docid="d", question="x", style="x", generator="x", split="train", overlap=round(share, 1)
        )
        for qid, share in overlaps.items()
    ]
    assert of_low_overlap(water_rows, questions, 1.0) == water_rows
    assert [row.qid for row in of_low_overlap(water_rows, questions, 0.2)] == ["q0", "q1", "q2"]
