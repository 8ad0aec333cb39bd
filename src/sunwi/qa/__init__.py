"""Synthetic questions: by templates, a language model or given; filtered, and split by document."""

from sunwi.qa.generate import QaResult, QaSources, generate_questions

__all__ = ["QaResult", "QaSources", "generate_questions"]
