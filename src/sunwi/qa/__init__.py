"""Synthetic questions: made by templates or given, filtered, and split by document."""

from sunwi.qa.generate import QaResult, generate_questions

__all__ = ["QaResult", "generate_questions"]
