"""The competition's files: documents and dialogues as JSON lines; questions and qrels if there are any."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from sunwi.corpus.draft import Draft
from sunwi.corpus.identifiers import KnownIds
from sunwi.corpus.importer import Importer
from sunwi.corpus.jsonl import read_models
from sunwi.corpus.judgements import read_judgements, without_dangling
from sunwi.corpus.rows import GivenQuestion
from sunwi.errors import DataError
from sunwi.records.corpus import Document, Query

DOCUMENT = {"docid": "docid", "content": "content", "title": "title", "src": "src"}
DIALOGUE = {"eval_id": "eval_id", "messages": "msg"}
QUESTION = {"docid": "docid", "question": "question", "source": "source"}


def read_competition(
    *,
    documents: Annotated[Path, "JSON lines: docid, content[, src][, title]."],
    queries: Annotated[Path | None, "JSON lines: eval_id, msg."] = None,
    qrels: Annotated[Path | None, "TREC judgements of the queries."] = None,
    questions: Annotated[Path | None, "JSON lines: docid, question[, source]."] = None,
    dev_queries: Annotated[Path | None, "Natural dev queries, as --queries."] = None,
    dev_qrels: Annotated[Path | None, "TREC judgements of the dev queries."] = None,
    drop_dangling: Annotated[
        bool, "Leave out, counted, judgements of queries and documents that are not there."
    ] = False,
) -> Draft:
    """Read the competition's files.

    Parameters
    ----------
    documents
        JSON lines `docid, content[, src][, title]`.
    queries, dev_queries
        JSON lines `eval_id, msg: [{role, content}]`.
    qrels, dev_qrels
        TREC or BEIR judgements of those.
    questions
        JSON lines `docid, question[, source]`: questions written for the documents.
    """
    draft = Draft(drops_dangling=True)
    draft.documents += read_models(documents, Document, DOCUMENT, draft)
    if queries:
        draft.queries += read_models(queries, Query, DIALOGUE, draft)
    if dev_queries:
        draft.dev_queries += read_models(dev_queries, Query, DIALOGUE, draft)
    docids = KnownIds(document.docid for _, document in draft.documents)
    qids, dev_qids = (KnownIds(query.qid for _, query in rows) for rows in (draft.queries, draft.dev_queries))
    if qrels:
        draft.qrels += read_judgements(qrels, draft, qids, docids)
    if dev_qrels:
        draft.dev_qrels += read_judgements(dev_qrels, draft, dev_qids, docids)
    if drop_dangling:
        if not (qrels or dev_qrels):
            raise DataError(
                "--drop-dangling has no effect without judgements", "leave it out, or add --qrels"
            )
        draft.qrels = without_dangling(draft.qrels, qids, docids, draft)
        draft.dev_qrels = without_dangling(draft.dev_qrels, dev_qids, docids, draft)
    if questions:
        draft.questions += read_models(questions, GivenQuestion, QUESTION, draft)
    return draft


IMPORTER = Importer(read_competition, "Documents and dialogues of the scientific QA competition.")
