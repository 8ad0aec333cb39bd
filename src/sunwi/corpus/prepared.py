"""The prepared tables that every later stage reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sunwi.corpus.copies import copies_of
from sunwi.corpus.rows import DuplicatePair, GivenQuestion
from sunwi.records.corpus import Document, Query
from sunwi.records.files import read_rows
from sunwi.trec import Qrels, read_qrels


@dataclass(frozen=True)
class Prepared:
    """The prepared data. `qrels` and `questions` name documents: a chunk's `parent`, else its docid."""

    corpus: list[Document]
    queries: list[Query]
    qrels: Qrels
    dev_queries: list[Query]
    dev_qrels: Qrels
    questions: list[GivenQuestion]
    duplicates: list[DuplicatePair]
    statistics: dict[str, Any] = field(default_factory=dict)

    def judged(self) -> set[str]:
        """Docids with a test or dev judgement of any grade, and their exact and near copies."""
        named = {docid for qrels in (self.qrels, self.dev_qrels) for row in qrels.values() for docid in row}
        chunks = {document.docid for document in self.corpus if document.document_id in named}
        copies = copies_of(self.duplicates)
        return named.union(chunks, *(copies[docid] for docid in chunks if docid in copies))

    def user_turns(self) -> list[str]:
        """What people say in the test and dev dialogues."""
        return [
            message.content
            for query in [*self.queries, *self.dev_queries]
            for message in query.messages
            if message.role == "user"
        ]


def load_prepared(folder: Path) -> Prepared:
    """Read what `prepare.write_prepared` wrote; the statistics are left empty."""
    return Prepared(
        corpus=read_rows(folder / "corpus.jsonl", Document),
        queries=read_rows(folder / "queries.jsonl", Query),
        qrels=read_qrels(folder / "qrels.tsv"),
        dev_queries=read_rows(folder / "dev_queries.jsonl", Query),
        dev_qrels=read_qrels(folder / "dev_qrels.tsv"),
        questions=read_rows(folder / "questions.jsonl", GivenQuestion),
        duplicates=read_rows(folder / "duplicates.jsonl", DuplicatePair),
    )
