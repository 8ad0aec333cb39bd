"""A question on its way through the filters, and what the filters know and say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Checks = dict[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One question for one passage, before it is kept or rejected.

    Attributes
    ----------
    style
        How it is worded: `polite`, `plain`, `colloquial`, `keyword` (templates), a style of the LLM prompt
        (`factual`, `why_how`, `colloquial`, `scenario`, `keyword`, or `unstated`), or `given`.
    generator
        What made it: `template:PATTERN`, `llm:MODEL`, or `given:SOURCE`.
    paraphrase
        True for questions of people and LLMs, which need not use the passage's words.
    checks
        What the generator knows about it (group, number of the sentence that answers it).
    """

    qid: str
    docid: str
    question: str
    style: str
    generator: str
    paraphrase: bool
    checks: Mapping[str, float | int | str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the filters judge a candidate by.

    Attributes
    ----------
    passage
        Title and content of its passage.
    terms, passage_terms
        Content morphemes of question and passage.
    evaluation_similarity
        Largest character bigram Jaccard with an evaluation or dev query, 0 to 1.
    near_copy
        Similarity above which two questions are the same.
    rank
        Rank of the passage when the question is searched for, from 1; None beyond the depth.
    evaluation_cosine
        Largest cosine with an evaluation or dev query; None if no encoder is used.
    evaluation_limit
        Cosine above which two questions are the same.
    """

    passage: str
    terms: tuple[str, ...]
    passage_terms: frozenset[str]
    evaluation_similarity: float
    near_copy: float
    rank: int | None = None
    evaluation_cosine: float | None = None
    evaluation_limit: float = 1.0


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """What filters say: the values that they measured, and the reason if one refuses the question.

    `is_indexable`: no filter refuses it but those of training alone (`Filter.training_only`).
    """

    checks: Checks = field(default_factory=dict)
    reason: str | None = None
    is_indexable: bool = True
