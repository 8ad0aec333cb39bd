"""A judge behind loopback HTTP that knows the right grades and errs at a set rate."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.llm_server import FakeServer, Reply

from sunwi.llm.client import LlmClient
from sunwi.params.llm import LlmParams
from sunwi.runtime import hash_share

PAIR = re.compile(r"질문: (.*)\n\n지문: (.*)\Z", re.DOTALL)
CONTEST = re.compile(r"질문: (.*)\n\n지문 A: (.*)\n\n지문 B: (.*)\Z", re.DOTALL)
Grade = Callable[[str, str], int]  # of a query and a passage


class JudgeServer(FakeServer):
    """Grades by `grade`; a share of the pairs, drawn by their hash, gets a grade from the other side of 2.

    In comparisons the higher grade wins, equal ones are a tie; `lean` names the place that always wins.
    """

    def __init__(self, grade: Grade, error_rate: float = 0.0, lean: str | None = None) -> None:
        super().__init__()
        self.grade, self.error_rate, self.lean = grade, error_rate, lean
        self.default = self._answer

    def _answer(self, body: dict[str, Any]) -> Reply:
        prompt = self.asked(body)
        contest = CONTEST.search(prompt)
        if contest:
            query, a, b = contest.groups()
            difference = self._graded(query, a) - self._graded(query, b)
            better = self.lean or ("A" if difference > 0 else "B" if difference < 0 else "TIE")
            return self.chat(json.dumps({"reason": "까닭", "better": better}, ensure_ascii=False))
        pair = PAIR.search(prompt)
        assert pair, prompt
        grade = self._graded(*pair.groups())
        return self.chat(json.dumps({"reason": "까닭", "grade": grade}, ensure_ascii=False))

    def _graded(self, query: str, passage: str) -> int:
        right = self.grade(query, passage)
        return right if hash_share("judge", query, passage) >= self.error_rate else 3 - right


def judge_client(server: FakeServer, cache: Any, **settings: Any) -> LlmClient:
    """A client of the server that sends no key."""
    values = {"provider": "openai", "base_url": f"{server.address}/v1", "api_key_env": "", "timeout": 10.0}
    return LlmClient(LlmParams.model_validate({**values, "model": "judge", **settings}), cache)
