"""Cleaning: every text of a draft in its normal form (`text.normalise`)."""

from __future__ import annotations

from collections.abc import Sequence

from sunwi.corpus.draft import Draft, Location
from sunwi.errors import Problem
from sunwi.records.corpus import Query
from sunwi.text import is_visible, normalise


def clean(draft: Draft) -> Draft:
    """Normalise documents, dialogues and questions; a text of which nothing stays is a fault of its row."""
    problems = list(draft.problems)
    documents = []
    for place, document in draft.documents:
        content = normalise(document.content)
        if not is_visible(content):
            problems.append(place.problem(f"document {document.docid!r} is empty after cleaning"))
            continue
        title = normalise(document.title or "")
        title_or_none = title if is_visible(title) else None
        documents.append((place, document.model_copy(update={"content": content, "title": title_or_none})))
    questions = []
    for place, question in draft.questions:
        text = normalise(question.question)
        if not is_visible(text):
            problems.append(place.problem("field 'question' is empty after cleaning"))
            continue
        questions.append((place, question.model_copy(update={"question": text})))
    return Draft(
        documents=documents,
        queries=_clean_dialogues(draft.queries, problems),
        qrels=draft.qrels,
        dev_queries=_clean_dialogues(draft.dev_queries, problems),
        dev_qrels=draft.dev_qrels,
        questions=questions,
        judged=draft.judged,
        problems=problems,
        counted=draft.counted.copy(),
        encodings=draft.encodings,
    )


def _clean_dialogues(
    placed: Sequence[tuple[Location, Query]], problems: list[Problem]
) -> list[tuple[Location, Query]]:
    cleaned = []
    for place, query in placed:
        messages = [turn.model_copy(update={"content": normalise(turn.content)}) for turn in query.messages]
        if is_visible(query.messages[-1].content) and not is_visible(messages[-1].content):
            problems.append(place.problem(f"query {query.qid!r} is empty after cleaning"))
        cleaned.append((place, query.model_copy(update={"messages": messages})))
    return cleaned
