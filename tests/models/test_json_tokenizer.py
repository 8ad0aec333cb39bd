"""A tokeniser by tokenizer.json alone against transformers' of the same folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.errors import ModelError
from sunwi.models.json_tokenizer import JsonTokenizer, read_json_tokenizer
from sunwi.models.shared_tokenizer import read_tokenizer, whole_tokenizer
from sunwi.models.spec import ModelInfo

TEXTS = [
    "query: 지구의 나이는?",
    "",
    "  두  칸 ",
    "<s> </s> <pad> <mask> 값",
    "ﷺ\u200b\u0000 🙂👩‍🚀",
    "가" * 3000,
]
SETTINGS: list[dict[str, Any]] = [
    {}, {"truncation": True, "max_length": 16}, {"add_special_tokens": False},
    {"add_special_tokens": False, "return_offsets_mapping": True},
]  # fmt: skip


@pytest.fixture(scope="module")
def pair(builtin_model: ModelInfo) -> tuple[JsonTokenizer, Any]:
    own = read_json_tokenizer(builtin_model.folder)
    assert own is not None
    return own, whole_tokenizer(builtin_model.folder)


@pytest.mark.parametrize("settings", SETTINGS)
def test_it_gives_what_transformers_gives(pair: tuple[JsonTokenizer, Any], settings: dict[str, Any]) -> None:
    own, library = pair
    asked = library(TEXTS, verbose=False, **settings)
    found = own(TEXTS, **settings)
    assert found == {name: asked[name] for name in found}
    assert own(TEXTS[0], **settings) == {name: library(TEXTS[0], **settings)[name] for name in found}
    assert (own.model_max_length, own.pad_token_id) == (library.model_max_length, library.pad_token_id)


@given(text=st.text(max_size=200), length=st.integers(3, 32))
def test_any_text_is_cut_as_transformers_cuts_it(
    pair: tuple[JsonTokenizer, Any], text: str, length: int
) -> None:
    own, library = pair
    how: dict[str, Any] = {"truncation": True, "max_length": length}
    assert own([text], **how)["input_ids"] == library([text], **how)["input_ids"]


@pytest.mark.parametrize(
    "changed",
    [
        {"tokenizer_class": "XLMRobertaTokenizer"},
        {"additional_special_tokens": ["[새]"]},
        {"pad_token": "[채움]"},
        {"pad_token": None},
        {"truncation_side": "left"},
        {"model_max_length": 1e30},
    ],
)
def test_a_folder_that_asks_for_more_is_the_librarys(tiny_bert: Path, changed: dict[str, object]) -> None:
    assert read_json_tokenizer(tiny_bert) is not None
    path = tiny_bert / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed), encoding="utf-8")
    assert read_json_tokenizer(tiny_bert) is None
    if changed.get("tokenizer_class") is None:
        assert read_tokenizer(tiny_bert)(["물"])["input_ids"]


def test_a_damaged_file_is_named(tiny_bert: Path) -> None:
    (tiny_bert / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="its tokeniser cannot be read"):
        read_json_tokenizer(tiny_bert)
