"""Index terms by tokeniser: compounds whole and in parts, a model's subwords."""

from __future__ import annotations

import pytest

from sunwi.errors import ModelError
from sunwi.models.spec import ModelInfo
from sunwi.search.index.terms import BIGRAM, index_terms, overlap_terms

SUBWORD = "subword:builtin/multilingual-e5-small"


def test_compound_nouns_are_there_whole_and_in_parts() -> None:
    (terms,) = index_terms(["지각 변동과 화산활동"], "kiwi")
    assert {"지각", "변동", "화산", "활동", "화산활동"} <= set(terms)
    assert "지각변동" not in terms  # a space parts them
    assert overlap_terms(["화산활동"], "kiwi") == [["화산", "활동"]]  # a compound counts once


def test_bigrams_stand_marked_beside_the_morphemes() -> None:
    text = "지각 변동과 화산활동"
    (terms,) = index_terms([text], "kiwi+bigram")
    morphemes = [term for term in terms if not term.startswith(BIGRAM)]
    bigrams = [term.removeprefix(BIGRAM) for term in terms if term.startswith(BIGRAM)]
    assert morphemes == index_terms([text], "kiwi")[0]
    assert bigrams == ["지각", "각변", "변동", "동과", "과화", "화산", "산활", "활동"]
    assert overlap_terms([text], "kiwi+bigram") == overlap_terms([text], "kiwi")


def test_subwords_are_the_models_tokens(builtin_model: ModelInfo) -> None:
    (terms,) = index_terms(["식물의 DNA, 100%!"], SUBWORD)
    assert terms
    assert all(any(char.isalnum() for char in term) for term in terms)
    assert index_terms(["식물의 dna, 100%!"], SUBWORD) == [terms]
    assert len(index_terms(["물 " * 2000], SUBWORD)[0]) >= 2000  # not cut at the model's length
    assert overlap_terms(["식물의 빛"], SUBWORD) == [["식물", "빛"]]


def test_subwords_of_an_unknown_model() -> None:
    with pytest.raises(ModelError, match="no builtin model of this name"):
        index_terms(["물"], "subword:builtin/none")
