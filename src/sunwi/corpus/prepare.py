"""Preparation: a source folder becomes the corpus that every later stage reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sunwi.corpus.chunking import chunk_documents
from sunwi.corpus.cleaning import clean
from sunwi.corpus.duplicates import copies_of, find_duplicates
from sunwi.corpus.rows import DuplicatePair, GivenQuestion
from sunwi.corpus.source import Source, assemble, read_source, write_source
from sunwi.corpus.statistics import corpus_statistics
from sunwi.params.corpus import CorpusParams
from sunwi.records.corpus import Document, Query
from sunwi.records.files import read_rows, write_rows
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
        chunks = {document.docid for document in self.corpus if (document.parent or document.docid) in named}
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


def prepare(source: Path, params: CorpusParams) -> Prepared:
    """Clean, check, chunk and compare the documents of a source folder.

    Raises
    ------
    InputProblems
        With every fault of every file of the folder.
    """
    draft = clean(read_source(source))
    whole = assemble(draft, f"mend {source}, or import it again with `sunwi import`")
    corpus = sorted(chunk_documents(whole.documents, params.max_chars), key=Document.sort_key)
    duplicates = find_duplicates(corpus, params.near_duplicate)
    statistics = corpus_statistics(whole, corpus, duplicates)
    statistics["counted"] = dict(sorted(draft.counted.items()))
    return Prepared(
        corpus=corpus,
        queries=whole.queries,
        qrels=whole.qrels,
        dev_queries=whole.dev_queries,
        dev_qrels=whole.dev_qrels,
        questions=whole.questions,
        duplicates=duplicates,
        statistics=statistics,
    )


def write_prepared(prepared: Prepared, folder: Path, rows_per_shard: int = 0) -> None:
    """Write the seven files, empty ones too; the statistics are the caller's to write.

    Documents, given questions and duplicates are written in shards, where those are asked for.
    """
    whole = Source(
        documents=prepared.corpus,
        queries=prepared.queries,
        qrels=prepared.qrels,
        dev_queries=prepared.dev_queries,
        dev_qrels=prepared.dev_qrels,
        questions=prepared.questions,
    )
    write_source(whole, folder, rows_per_shard)
    write_rows(folder / "duplicates.jsonl", prepared.duplicates, rows_per_shard)


def load_prepared(folder: Path) -> Prepared:
    """Read what `write_prepared` wrote; the statistics are left empty."""
    return Prepared(
        corpus=read_rows(folder / "corpus.jsonl", Document),
        queries=read_rows(folder / "queries.jsonl", Query),
        qrels=read_qrels(folder / "qrels.tsv"),
        dev_queries=read_rows(folder / "dev_queries.jsonl", Query),
        dev_qrels=read_qrels(folder / "dev_qrels.tsv"),
        questions=read_rows(folder / "questions.jsonl", GivenQuestion),
        duplicates=read_rows(folder / "duplicates.jsonl", DuplicatePair),
    )
