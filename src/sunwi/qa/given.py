"""Intake of given questions: by people, or by an LLM outside this pipeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sunwi.errors import InputProblems, Problem
from sunwi.qa.candidate import Candidate
from sunwi.qa.parse import parse
from sunwi.records.corpus import Document
from sunwi.records.questions import RejectedQuestion
from sunwi.text import morphemes, overlap

Given = tuple[str, str, str]  # docid (of a document, or of the parent of chunks), question, source


def given_candidates(
    documents: Sequence[Document], passage_terms: Mapping[str, frozenset[str]], given: Sequence[Given]
) -> tuple[list[Candidate], list[RejectedQuestion]]:
    """Candidates of the given questions, and those in which no question was found.

    Ids count a document's questions in the order of source and text, so that they depend neither on
    the order of the input nor on other documents. A question for a document that was cut into
    chunks goes to the chunk that has most of its morphemes.

    Parameters
    ----------
    passage_terms
        Content morphemes of every document, by docid.

    Raises
    ------
    InputProblems
        With the position of every question whose docid is in no document.
    """
    chunks: defaultdict[str, list[str]] = defaultdict(list)
    for document in documents:
        if document.parent is not None:
            chunks[document.parent].append(document.docid)
    known = {document.docid for document in documents}
    problems = [
        Problem("given questions", number, f"the docid {docid!r} is in no document")
        for number, (docid, _, _) in enumerate(given, start=1)
        if docid not in known and docid not in chunks
    ]
    if problems:
        raise InputProblems(problems, "give every question the docid of a document of the corpus")
    parsed = [(docid, source, text, *parse(text)) for docid, text, source in given]
    terms = morphemes([question for *_, question, _ in parsed], "given questions")
    by_document: defaultdict[str, list[tuple[str, str, str, str | None]]] = defaultdict(list)
    for (docid, source, text, question, reason), words in zip(parsed, terms, strict=True):
        target = docid
        if docid not in known:
            target = min(chunks[docid], key=lambda chunk: (-overlap(words, passage_terms[chunk]), chunk))
        by_document[target].append((source, question, text, reason))
    candidates: list[Candidate] = []
    rejected: list[RejectedQuestion] = []
    for docid, rows in sorted(by_document.items()):
        ordered = sorted(rows, key=lambda row: (row[0], row[1], row[2]))
        for number, (source, question, text, reason) in enumerate(ordered, start=1):
            qid, generator = f"{docid}-{number:02d}", f"given:{source}"
            if reason is None:
                candidates.append(Candidate(qid, docid, question, "given", generator, paraphrase=True))
            else:
                rejected.append(
                    RejectedQuestion(
                        qid=qid, docid=docid, question=text, style="given", generator=generator, reason=reason
                    )
                )
    return candidates, rejected
