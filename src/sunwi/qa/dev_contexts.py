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
    asked = sorted((one for one in questions if one.split == "dev"), key=Question.sort_key)
    owners: dict[str, set[str]] = {}
    for one in questions:
        owners.setdefault(one.question, set()).add(one.docid)
    queries = search.queries([one.question for one in asked])
    depth = negatives + max((len(copies.get(one.docid, ())) for one in asked), default=0) + 10
    chosen: list[list[tuple[int, str]]] = []
    for one, ranked in zip(asked, search.rank(queries, depth), strict=True):
        answering = {one.docid, *copies.get(one.docid, ()), *owners[one.question]}
        groups = {group_of(documents[docid]) for docid in answering}
        hard = [
            (rank, docid)
            for rank, docid in enumerate((search.passages.docids[at] for at in ranked.positions), start=1)
            if docid not in answering and group_of(documents[docid]) not in groups
        ]
        chosen.append(hard[:negatives])
    shown = {one.docid for one in asked} | {docid for hard in chosen for _, docid in hard}
    windows = _Windows({docid: documents[docid].content for docid in sorted(shown)})
    terms = [frozenset(found) for found in morphemes([one.question for one in asked])]
    return [
        DevContexts(
            qid=one.qid,
            question=one.question,
            docid=one.docid,
            context=windows.best(words, one.docid),
            negatives=[
                Context(docid=docid, context=windows.best(words, docid), rank=rank) for rank, docid in hard
            ],
        )
        for one, words, hard in zip(asked, terms, chosen, strict=True)
    ]


class _Windows:
    """Runs of sentences of passages, each passage analysed once."""

    def __init__(self, contents: Mapping[str, str]) -> None:
        self._sentences = dict(zip(contents, sentences_of(list(contents.values())), strict=True))
        flat = [sentence for parts in self._sentences.values() for sentence in parts]
        self._terms = dict(zip(flat, map(frozenset, morphemes(flat, "sentences")), strict=True))

    def best(self, asked: frozenset[str], docid: str) -> str:
        parts = self._sentences[docid]
        runs = [
            (start, end)
            for start in range(len(parts))
            for end in range(start + 1, min(start + WINDOW, len(parts)) + 1)
        ]

        def cost(run: tuple[int, int]) -> tuple[int, int, int]:
            covered = frozenset().union(*(self._terms[sentence] for sentence in parts[slice(*run)]))
            return -len(asked & covered), run[1] - run[0], run[0]

        start, end = min(runs, key=cost)
        return " ".join(parts[start:end])
