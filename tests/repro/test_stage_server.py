"""What forked stages find loaded."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from sunwi import text
from sunwi.forked import MODULE, tokenizer_of
from sunwi.repro import stage_server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="without fork no stage is one")
TEXTS = ["식물은 빛을 받아 포도당을 만든다. 산소도 나온다!", "광전효과의 DNA 100%", "", "달이 뜬다"]


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> stage_server.Forked:
    """The module of the server, empty as at its start."""
    module = stage_server.Forked()
    assert module.__name__ == MODULE
    monkeypatch.setattr(stage_server, "FORKED", module)
    monkeypatch.setitem(sys.modules, MODULE, module)
    return module


def readings() -> tuple[object, ...]:
    nouns = text.kiwi().join([("걷", "VV"), ("은", "ETM")])
    one = [(token.form, token.tag, token.start) for token in text.kiwi().tokenize(TEXTS[0])]
    return text.search_terms(TEXTS), text.sentences_of(TEXTS), text.sentences(TEXTS[0]), nouns, one


def test_the_analyser_of_forked_stages_reads_like_that_of_any_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: stage_server.Forked
) -> None:
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "alone"))
    alone, own = readings(), text.kiwi()
    stage_server._load(stage_server.Loaded(["kiwipiepy"], []))
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(tmp_path / "forked"))
    assert text.kiwi() is forked.kiwi is not own
    assert readings() == alone
    assert text.kiwi(text.ALL_CORES) is own  # so much is for all cores


def test_a_tokeniser_that_a_stage_has_read_is_given_to_one_reader(
    tmp_path: Path, forked: stage_server.Forked
) -> None:
    path = tmp_path / "tokenizer.json"
    Tokenizer(WordLevel({"물": 1, "빛": 2}, "빛")).save(str(path))
    first = tokenizer_of(path)
    (tmp_path / "damaged.json").write_text("{", encoding="utf-8")
    unread = [str(tmp_path / name) for name in ("damaged.json", "gone.json")]
    stage_server._load(stage_server.Loaded([], [*unread, *forked.read]))
    [loaded] = forked.tokenizers.values()
    assert tokenizer_of(path) is loaded is not first
    assert tokenizer_of(path) is not loaded
    assert loaded.encode("물").ids == first.encode("물").ids == [1]
