"""Enhanced dev data: for each dev question its ideal context and hard-negative contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sunwi.qa.searching import QuestionSearch
from sunwi.qa.split import group_of
from sunwi.records.corpus import Document
from sunwi.records.questions import Context, DevContexts, Question
from sunwi.text import morphemes, sentences_of

WINDOW = 3  # sentences of a context at most


def dev_contexts(
    questions: Sequence[Question],
    documents: Mapping[str, Document],
    search: QuestionSearch,
    copies: Mapping[str, frozenset[str]],
    negatives: int,
) -> list[DevContexts]:
    """Contexts of the dev questions, sorted by qid.

    The ideal context is the run of at most three sentences of the question's own passage that has most
    of its morphemes, the shortest of those. A negative context is such a run of a passage that the
    search ranks highly; the question's own document, its copies, and every passage that the same
    question was also asked of are left out.

    Parameters
    ----------
    documents
        Docid to document.
    copies
        Docid to the docids with the same or nearly the same content.
    negatives
        How many, fewer where the corpus has no more.
    """
    dev_questions = sorted(
        (question for question in questions if question.split == "dev"), key=Question.sort_key
    )
    owners: dict[str, set[str]] = {}
    for question in questions:
        owners.setdefault(question.question, set()).add(question.docid)
    queries = search.queries([question.question for question in dev_questions])
    depth = (
        negatives + max((len(copies.get(question.docid, ())) for question in dev_questions), default=0) + 10
    )
    chosen: list[list[tuple[int, str]]] = []
    for question, ranked in zip(dev_questions, search.rank(queries, depth), strict=True):
        answering = {question.docid, *copies.get(question.docid, ()), *owners[question.question]}
        groups = {group_of(documents[docid]) for docid in answering}
        hard = [
            (rank, docid)
            for rank, docid in enumerate(
                (search.passages.docids[position] for position in ranked.positions), start=1
            )
            if docid not in answering and group_of(documents[docid]) not in groups
        ]
        chosen.append(hard[:negatives])
    shown = {question.docid for question in dev_questions} | {docid for hard in chosen for _, docid in hard}
    windows = _Windows({docid: documents[docid].content for docid in sorted(shown)})
    terms = [frozenset(words) for words in morphemes([question.question for question in dev_questions])]
    return [
        DevContexts(
            qid=question.qid,
            question=question.question,
            docid=question.docid,
            context=windows.best(words, question.docid),
            negatives=[
                Context(docid=docid, context=windows.best(words, docid), rank=rank) for rank, docid in hard
            ],
        )
        for question, words, hard in zip(dev_questions, terms, chosen, strict=True)
    ]


class _Windows:
    """Runs of sentences of passages, each passage analysed once."""

    def __init__(self, contents: Mapping[str, str]) -> None:
        self._sentences = dict(zip(contents, sentences_of(list(contents.values())), strict=True))
        flat = [sentence for parts in self._sentences.values() for sentence in parts]
        self._terms = dict(zip(flat, map(frozenset, morphemes(flat, "sentences")), strict=True))

    def best(self, terms: frozenset[str], docid: str) -> str:
        parts = self._sentences[docid]
        runs = [
            (start, end)
            for start in range(len(parts))
            for end in range(start + 1, min(start + WINDOW, len(parts)) + 1)
        ]

        def cost(run: tuple[int, int]) -> tuple[int, int, int]:
            covered = frozenset().union(*(self._terms[sentence] for sentence in parts[slice(*run)]))
            return -len(terms & covered), run[1] - run[0], run[0]

        start, end = min(runs, key=cost)
        return " ".join(parts[start:end])
