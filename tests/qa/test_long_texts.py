"""A megabyte in one line: every step sees pieces or starts of a stated size, and loses nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi import text
from sunwi.params.qa import QaParams
from sunwi.qa.filters.form import asks
from sunwi.qa.generate import QaSources, generate_questions
from sunwi.qa.parse import LONGEST, parse
from sunwi.qa.settings import QaSections
from sunwi.qa.template import candidates
from sunwi.qa.template.candidates import template_candidates
from sunwi.records.corpus import Document
from sunwi.text import PIECE, morphemes, pieces, sentences, sentences_of

LINE = "물은 높은 곳에서 낮은 곳으로 흐른다. "
LONG = LINE * 900 + "헬륨은 풍선이나 냉각제로 널리 사용됩니다. " + LINE * 900


@given(st.lists(st.sampled_from(["가", "물 ", ". ", "\n", "x" * 5000, LINE * 200]), max_size=12))
def test_pieces_are_the_text_and_no_longer_than_stated(parts: list[str]) -> None:
    whole = "".join(parts)
    cut = pieces(whole)
    assert "".join(cut) == whole
    assert all(PIECE // 2 < len(piece) <= PIECE for piece in cut[:-1])
    assert len(cut) == 1 if len(whole) <= PIECE else len(cut) > 1


def test_a_piece_ends_where_a_sentence_does() -> None:
    assert len(pieces(LONG)) > 2
    assert all(piece.endswith("다. ") for piece in pieces(LONG))
    assert all(piece.endswith("\n") for piece in pieces((LINE * 40 + "\n") * 40)[:-1])


class _Watched:
    """The analyser, with the length of every text that it is given."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.analyser = text.kiwi()

    def _seen(self, texts: str | Sequence[str]) -> str | list[str]:
        listed = [texts] if isinstance(texts, str) else list(texts)
        self.lengths += map(len, listed)
        return texts if isinstance(texts, str) else listed

    def tokenize(self, texts: Any) -> Any:
        return self.analyser.tokenize(self._seen(texts))

    def split_into_sents(self, texts: Any) -> Any:
        return self.analyser.split_into_sents(self._seen(texts))

    def join(self, parts: Any) -> Any:
        return self.analyser.join(parts)


@pytest.fixture
def watched(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Watched]:
    analyser = _Watched()
    for module in (text, candidates):
        monkeypatch.setattr(module, "kiwi", lambda *_: analyser)
    yield analyser
    assert 0 < max(analyser.lengths) <= PIECE


def test_morphemes_of_a_long_text_are_those_of_its_sentences(watched: _Watched) -> None:
    of_line, of_middle = morphemes([LINE, "헬륨은 풍선이나 냉각제로 널리 사용됩니다. "])
    assert morphemes([LONG, "물"]) == [of_line * 900 + of_middle + of_line * 900, ["물"]]


def test_sentences_of_a_long_text(watched: _Watched) -> None:
    assert len(sentences(LONG)) == 1801
    assert sentences_of(["물은 흐른다.", LONG]) == [["물은 흐른다."], sentences(LONG)]


def test_templates_ask_about_every_piece_and_number_its_sentences_on(watched: _Watched) -> None:
    made = template_candidates([Document(docid="d", content=LONG)], ["safe"], seed=1)
    assert [(question.generator, question.checks["sentence"]) for question in made] == [("template:use", 900)]
    assert "헬륨" in made[0].question


def test_questions_of_a_long_passage_and_long_given_questions(watched: _Watched) -> None:
    documents = [Document(docid="d", content=LONG), Document(docid="e", content="달은 지구를 돈다.")]
    questions = [
        ("e", "달은 지구를 도나요?", "people"),
        ("e", "무엇이며 왜 " * 30_000 + "?" * 50_000 + "x", "people"),
        ("e", "> " * 100_000 + "달은 무엇인가요?", "people"),
        ("d", "Ж" * 100_000, "people"),
    ]
    params = QaSections(qa=QaParams(provider="given", round_trip="bm25", dev_share=0))
    result = generate_questions(QaSources(documents, given=questions), params)
    assert [question.question for question in result.kept] == ["달은 지구를 도나요?"]
    assert sorted(question.reason for question in result.rejected) == ["not_korean", "too_long", "too_long"]


def test_nothing_is_taken_off_a_text_above_the_bound() -> None:
    assert parse("> " * 100 + "물은 무엇인가요?") == ("물은 무엇인가요?", None)
    long = "> " * LONGEST + "물은 무엇인가요?"
    assert parse(long) == (long, None)


def test_an_ending_is_looked_for_at_the_end_alone() -> None:
    assert asks("물은 무엇인가요" + "?" * 200)
    assert not asks("물은 무엇인가요" + "?" * 300 + "x")
