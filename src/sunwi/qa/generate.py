"""Questions for a corpus: candidates, filters, split, dev contexts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sunwi.compute.executor import LOCAL, Executor
from sunwi.corpus.copies import copies_of
from sunwi.corpus.prepared import Prepared
from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.qa.candidate import Candidate, Checks, Evidence, FilterVerdict
from sunwi.qa.dev_contexts import dev_contexts
from sunwi.qa.duplicates import Duplicates
from sunwi.qa.evaluation_texts import EvaluationTexts
from sunwi.qa.given import Given, given_candidates
from sunwi.qa.judging import filters_of, judge
from sunwi.qa.llm.candidates import ask
from sunwi.qa.metrics import question_metrics
from sunwi.qa.question_index import index_questions
from sunwi.qa.reasons import BEYOND_LIMIT
from sunwi.qa.searching import QuestionSearch
from sunwi.qa.settings import QaSections
from sunwi.qa.several import with_other_passages
from sunwi.qa.split import split_documents
from sunwi.qa.template.candidates import template_candidates
from sunwi.records.corpus import Document
from sunwi.records.questions import DevContexts, IndexQuestion, Question, RejectedQuestion
from sunwi.text import morphemes, overlap

if TYPE_CHECKING:
    from sunwi.llm.client import LlmClient

Terms = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class QaSources:
    """What questions are made from and checked against.

    Attributes
    ----------
    documents
        The prepared corpus.
    given
        Docid (or parent's docid), question and source; used with the provider "given", which takes
        all that pass the filters instead of the first `questions_per_document`.
    evaluation_texts
        User turns of evaluation and dev queries: near-copies are rejected.
    judged
        Docids with relevance judgements; with `exclude_judged_documents` their split is "test".
    copies
        Docid to the docids with the same or nearly the same content.
    """

    documents: Sequence[Document]
    given: Sequence[Given] = ()
    evaluation_texts: Sequence[str] = ()
    judged: Collection[str] = ()
    copies: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, prepared: Prepared) -> QaSources:
        """What the prepared tables give."""
        return cls(
            documents=prepared.corpus,
            given=[(row.docid, row.question, row.source) for row in prepared.questions],
            evaluation_texts=prepared.user_turns(),
            judged=prepared.judged(),
            copies=copies_of(prepared.duplicates),
        )


@dataclass(frozen=True, slots=True)
class QaResult:
    """Kept and rejected questions, those for search alone and dev contexts, by qid; and the counts."""

    kept: list[Question]
    for_index: list[IndexQuestion]
    rejected: list[RejectedQuestion]
    contexts: list[DevContexts]
    metrics: dict[str, Any]


def generate_questions(
    sources: QaSources,
    params: QaSections,
    encoder: Encoder | None = None,
    client: LlmClient | None = None,
    engine: Executor = LOCAL,
) -> QaResult:
    """Make or take questions, filter them, and assign their split.

    The result depends on no order of the inputs. A question's wording and id depend on its own
    document and the seed alone; whether it is kept depends on the corpus (round trip, copies).

    Parameters
    ----------
    params
        Sections qa, bm25 and encoder, and the seed.
    encoder
        The base encoder, for `qa.round_trip: hybrid`.
    client
        The language model, for `qa.provider: llm`.
    engine
        Runs the templates, for `qa.provider: template`.

    Raises
    ------
    InputProblems
        If a given question's docid is unknown.
    DataError
        If no document has an index term, or what the settings need was not passed.
    LlmError
        If the language model's run had to stop; its answers are kept.
    """
    qa = params.qa
    if qa.round_trip == "hybrid" and encoder is None:
        raise DataError("qa.round_trip is hybrid and there is no encoder", "pass one, or set it to bm25")
    documents = sorted(sources.documents, key=Document.sort_key)
    terms = [frozenset(words) for words in morphemes([document.text for document in documents], "passages")]
    passage_terms = dict(zip((document.docid for document in documents), terms, strict=True))
    candidates, unparsed, limit = _candidates(documents, passage_terms, sources.given, params, client, engine)
    used = encoder if qa.round_trip == "hybrid" else None
    rerank = qa.round_trip_reranker != "none"
    search = QuestionSearch(documents, params.bm25, used, params.encoder, rerank)
    checked = _check(candidates, documents, passage_terms, sources.evaluation_texts, search, params)
    splits = split_documents(documents, qa.dev_share, sources.judged if qa.exclude_judged_documents else ())
    kept: list[Question] = []
    rejected = list(unparsed)
    for candidate, seen, checks, reason in _choose(checked, qa.near_copy, limit):
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
            share = overlap(seen.terms, seen.passage_terms)
            kept.append(Question(**shared, split=splits[candidate.docid], overlap=round(share, 4)))
    kept = with_other_passages(kept, rejected, splits)
    kept.sort(key=Question.sort_key)
    rejected.sort(key=RejectedQuestion.sort_key)
    for_index = index_questions(
        checked,
        {question.qid for question in kept},
        qa.near_copy,
        None if limit is None else qa.indexed,
        qa.index_evaluation_lookalikes,
    )
    by_docid = {document.docid: document for document in documents}
    contexts = dev_contexts(kept, by_docid, search, sources.copies, qa.dev_negatives)
    return QaResult(
        kept, for_index, rejected, contexts, question_metrics(documents, kept, for_index, rejected)
    )


def _candidates(
    documents: Sequence[Document],
    passage_terms: Terms,
    given: Sequence[Given],
    params: QaSections,
    client: LlmClient | None,
    engine: Executor,
) -> tuple[list[Candidate], list[RejectedQuestion], int | None]:
    """Candidates by document, best first; slots without a question; how many a document may keep."""
    qa = params.qa
    if qa.provider == "given":
        return *given_candidates(documents, passage_terms, given), None
    if qa.provider == "llm":
        if client is None:
            raise DataError("qa.provider is llm and there is no client", "set the section llm of params.yaml")
        written = ask(documents, client, qa, params.seed)
        return written.candidates, written.rejected, qa.questions_per_document
    return template_candidates(documents, qa.groups, params.seed, engine), [], qa.questions_per_document


Checked = tuple[Candidate, Evidence, FilterVerdict]


def _check(
    candidates: Sequence[Candidate],
    documents: Sequence[Document],
    passage_terms: Terms,
    evaluation_texts: Sequence[str],
    search: QuestionSearch,
    params: QaSections,
) -> list[Checked]:
    """Every candidate with its evidence and verdict; only those whose text passes are searched for."""
    terms = morphemes([candidate.question for candidate in candidates], "questions")
    passages = {document.docid: document.text for document in documents}
    evaluated = EvaluationTexts(evaluation_texts)
    by_text, by_search = filters_of("text"), filters_of("search")
    checked: list[Checked] = []
    for candidate, question_terms in zip(candidates, terms, strict=True):
        evidence = Evidence(
            passage=passages[candidate.docid],
            terms=tuple(question_terms),
            passage_terms=passage_terms[candidate.docid],
            evaluation_similarity=evaluated.similarity(candidate.question),
            near_copy=params.qa.near_copy,
            evaluation_limit=params.qa.evaluation_cosine,
        )
        checked.append((candidate, evidence, judge(candidate, evidence, by_text)))
    passing = [row for row, (_, _, verdict) in enumerate(checked) if verdict.is_indexable]
    queries = search.queries([checked[row][0].question for row in passing])
    sources = [checked[row][0].docid for row in passing]
    ranks = search.source_ranks(queries, sources, params.qa.round_trip_depth)
    cosines = search.evaluation_cosines(queries, evaluation_texts)
    for row, rank, cosine in zip(passing, ranks, cosines, strict=True):
        candidate, evidence, verdict = checked[row]
        evidence = replace(evidence, rank=rank, evaluation_cosine=cosine)
        second = judge(candidate, evidence, by_search)
        checks = verdict.checks if verdict.reason else {**verdict.checks, **second.checks}
        reason = verdict.reason or second.reason
        checked[row] = (candidate, evidence, FilterVerdict(checks, reason, second.is_indexable))
    return checked


def _choose(
    checked: Iterable[Checked], near_copy: float, limit: int | None
) -> Iterator[tuple[Candidate, Evidence, Checks, str | None]]:
    """Every candidate with its evidence, its values and the reason if it is refused.

    They come by document and best first, so that of two copies the first is kept, and a refused
    question makes room for the next (`beyond_limit` refuses what has none).
    """
    duplicates = Duplicates(near_copy)
    taken: dict[str, int] = {}
    for candidate, evidence, verdict in checked:
        checks, reason = {**candidate.checks, **verdict.checks}, verdict.reason
        if reason is None:
            copy = duplicates.judge(candidate)
            checks.update(copy.checks)
            reason = copy.reason
        if reason is None and limit is not None and taken.get(candidate.docid, 0) >= limit:
            reason = BEYOND_LIMIT
        if reason is None:
            duplicates.keep(candidate)
            taken[candidate.docid] = taken.get(candidate.docid, 0) + 1
        yield candidate, evidence, checks, reason
