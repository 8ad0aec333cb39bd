"""Reasons for which a language model's answer holds no question that can be read."""

from __future__ import annotations

REASONS = {
    "answer_ok": "LLM 답에 질문이 없음",
    "answer_blocked": "LLM이 답을 거부함",
    "answer_empty": "LLM 답이 비어 있음",
    "answer_truncated": "LLM 답이 중간에 끊김",
    "answer_malformed": "LLM 답을 읽을 수 없음",
    "answer_failed": "LLM이 답하지 않음",
}
