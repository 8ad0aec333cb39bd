"""Tasks: requests from prompt files, and the keys under which paid answers are recorded."""

from __future__ import annotations

import re

import pytest

from sunwi.errors import LlmError
from sunwi.llm.key import request_key
from sunwi.llm.outcome import Outcome
from sunwi.llm.prompting import read_prompt
from sunwi.llm.task import LlmTask, all_answered
from sunwi.params.llm import LlmParams
from sunwi.query.by_llm import PROMPTS as QUERY
from sunwi.submit.llm.asking import PROMPTS as SUBMIT
from sunwi.train.targeted.augment_llm import PROMPTS as TARGETED

# of d564c90: an edit of a prompt asks, and pays, for all of its rows anew
KEYS = {
    "rewrite": "8a4ca987498419532d08d539dd68934da024de61ed203899877307125e3c89a9",
    "intent": "d54d38d4ae086ea99e43faa6a2857b7bacde83aa5b8c6ffbf67798cf816115d7",
    "variants": "219d2fc63931fdf1150ae988cc182b36abee58b6bc91a1fb54ceafd07df657a8",
    "hyde": "28ac6cf6b23e604f14b8c61cf266f1fcd0a929363998ffcecb4c0db91827a041",
    "rerank": "3e5f2804a2e6d8efa63505f00f2a93ff6c50751e4dda71d42834d4fa2af889b0",
    "tiebreak": "b94f9178a1fb059c73d9aad8999ad310971bd205893f735766b2b934b71c8b3e",
    "answer": "ddc6b4f1978ed4f77a512d7b7ea8b1930cfe88c81788c452adb05c0bd1c61ab9",
    "augment": "7db60dc301a71970c6d62da67b74163b51d4dde53659f977941035faa525d4c5",
    "verify": "f4c4ee883519884680d0f14a546bc4a64462ff84aa1c84513786e312a8b89fec",
}
FOLDERS = dict.fromkeys(KEYS, QUERY) | dict.fromkeys(["rerank", "tiebreak", "answer"], SUBMIT)
FOLDERS |= dict.fromkeys(["augment", "verify"], TARGETED)


@pytest.mark.parametrize("name", KEYS)
def test_prompts_keep_the_keys_of_recorded_answers(name: str) -> None:
    prompt = read_prompt(FOLDERS[name], name)
    values = {value: value for value in re.findall(r"\$([a-z_]+)", prompt)}
    request = LlmTask(name, prompt, str).request("row", values)
    assert request_key(request, LlmParams()) == KEYS[name]


def test_rows_without_an_answer_are_named() -> None:
    request = LlmTask("rerank", "$query", str).request
    outcomes = [
        Outcome(request(row, {"query": row}), "failed" if row == "d2" else "ok", "", "", "busy", False, False)
        for row in ("d1", "d2", "d3")
    ]
    with pytest.raises(LlmError, match=r"1 of 3 requests of task 'rerank' got no answer \(busy\): d2"):
        all_answered(outcomes)
    assert all_answered(outcomes[:1]) == outcomes[:1]
