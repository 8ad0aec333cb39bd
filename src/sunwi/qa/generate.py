"""Questions for a corpus: candidates, filters, split."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sunwi.params import Bm25Params, QaParams
from sunwi.qa.candidate import Candidate, Checks, Evidence
from sunwi.qa.filters import judge
from sunwi.qa.filters.duplicates import Duplicates
from sunwi.qa.filters.evaluation import EvaluationTexts
from sunwi.qa.filters.round_trip import source_ranks
from sunwi.qa.given import Given, given_candidates
from sunwi.qa.metrics import question_metrics
from sunwi.qa.split import split_documents
from sunwi.qa.template import template_candidates
from sunwi.records import Document, Question, RejectedQuestion
from sunwi.search.bm25 import index_terms
from sunwi.text import morphemes, overlap


@dataclass(frozen=True, slots=True)
class QaResult:
    """Kept and rejected questions, each sorted by qid, and the counts."""

    kept: list[Question]
    rejected: list[RejectedQuestion]
    metrics: dict[str, Any]


def generate_questions(
    documents: Sequence[Document],
    params: QaParams,
    bm25: Bm25Params,
    seed: int,
    given: Sequence[Given],
    evaluation_texts: Sequence[str],
    judged: Collection[str],
) -> QaResult:
    """Make or take questions, filter them, and assign their split.

    The result depends on no order of the inputs. A template question's wording and id depend on its
    own document and the seed alone; whether it is kept depends on the corpus (round trip, copies).

    Parameters
    ----------
    documents
        The prepared corpus.
    bm25
        Tokeniser and weights of the round trip.
    seed
        Chooses the wordings of template questions.
    given
        Docid (or parent's docid), question and source; used with the provider "given", which takes
        all that pass the filters instead of the first `questions_per_document`.
    evaluation_texts
        User turns of evaluation and dev queries: near-copies are rejected.
    judged
        Docids with relevance judgements; with `exclude_judged_documents` their split is "test".

    Raises
    ------
    InputProblems
        If a given question's docid is unknown.
    DataError
        If no document has an index term.
    """
    documents = sorted(documents, key=Document.sort_key)
    passages = [document.text for document in documents]
    terms = [frozenset(found) for found in morphemes(passages, "passages")]
    passage_terms = dict(zip((document.docid for document in documents), terms, strict=True))
    unparsed: list[RejectedQuestion] = []
    limit: int | None = None
    if params.provider == "given":
        candidates, unparsed = given_candidates(documents, passage_terms, given)
    else:
        candidates = template_candidates(documents, params.groups, seed)
        limit = params.questions_per_document
    evidence = _evidence(
        candidates, documents, terms, params=params, bm25=bm25, evaluation_texts=evaluation_texts
    )
    splits = split_documents(documents, params.dev_share, judged if params.exclude_judged_documents else ())
    kept: list[Question] = []
    rejected = list(unparsed)
    for candidate, seen, checks, reason in _choose(
        zip(candidates, evidence, strict=True), params.near_copy, limit
    ):
        shared: dict[str, Any] = {
            "qid": candidate.qid,
            "docid": candidate.docid,
            "question": candidate.question,
            "style": candidate.style,
            "generator": candidate.generator,
            "checks": checks,
        }
        if reason is not None:
            rejected.append(RejectedQuestion(**shared, reason=reason))
        else:
            share = overlap(seen.terms, set(seen.passage_terms))
            kept.append(Question(**shared, split=splits[candidate.docid], overlap=round(share, 4)))
    kept.sort(key=Question.sort_key)
    rejected.sort(key=RejectedQuestion.sort_key)
    return QaResult(kept, rejected, question_metrics(documents, kept, rejected))


def _evidence(
    candidates: Sequence[Candidate],
    documents: Sequence[Document],
    terms: Sequence[frozenset[str]],
    *,
    params: QaParams,
    bm25: Bm25Params,
    evaluation_texts: Sequence[str],
) -> list[Evidence]:
    """What the filters judge each candidate by; documents and their terms in the same order."""
    if not candidates:
        return []
    texts = [candidate.question for candidate in candidates]
    asked = morphemes(texts, "questions")
    position = {document.docid: at for at, document in enumerate(documents)}
    sources = [position[candidate.docid] for candidate in candidates]
    passages = [document.text for document in documents]
    ranks = source_ranks(
        index_terms(passages, bm25.tokenizer, "passages"),
        index_terms(texts, bm25.tokenizer, "questions"),
        sources,
        params.round_trip_depth,
        bm25,
    )
    evaluated = EvaluationTexts(evaluation_texts)
    return [
        Evidence(
            passage=passages[source],
            terms=tuple(question_terms),
            passage_terms=terms[source],
            rank=rank,
            evaluation_similarity=evaluated.similarity(text),
            near_copy=params.near_copy,
        )
        for text, source, question_terms, rank in zip(texts, sources, asked, ranks, strict=True)
    ]


def _choose(
    judged: Iterable[tuple[Candidate, Evidence]], near_copy: float, limit: int | None
) -> Iterator[tuple[Candidate, Evidence, Checks, str | None]]:
    """Every candidate with its evidence, its values and the reason if it is refused.

    They come by document and best first, so that of two copies the first is kept, and a refused
    question makes room for the next (`beyond_limit` refuses what has none).
    """
    duplicates = Duplicates(near_copy)
    taken: dict[str, int] = {}
    for candidate, evidence in judged:
        verdict = judge(candidate, evidence)
        checks, reason = dict(verdict.checks), verdict.reason
        if reason is None:
            copy = duplicates.judge(candidate)
            checks.update(copy.checks)
            reason = copy.reason
        if reason is None and limit is not None and taken.get(candidate.docid, 0) >= limit:
            reason = "beyond_limit"
        if reason is None:
            duplicates.keep(candidate)
            taken[candidate.docid] = taken.get(candidate.docid, 0) + 1
        yield candidate, evidence, checks, reason
