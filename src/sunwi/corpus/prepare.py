"""Preparation: a source folder becomes the corpus that every later stage reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sunwi.corpus.chunking import chunk_documents
from sunwi.corpus.cleaning import clean
from sunwi.corpus.duplicates import find_duplicates
from sunwi.corpus.prepared import Prepared
from sunwi.corpus.source import Source, assemble, read_source, write_source
from sunwi.corpus.statistics import corpus_statistics
from sunwi.params.corpus import CorpusParams
from sunwi.records.corpus import Document
from sunwi.records.files import write_rows
from sunwi.records.judged import JudgedQuery


def prepare(
    source: Path,
    params: CorpusParams,
    passages: Sequence[Document] = (),
    counted: Mapping[str, int] | None = None,
) -> Prepared:
    """Clean, check, chunk and compare the documents of a source folder, and passages of files with them.

    Parameters
    ----------
    passages
        Passages of files that were read; the folder then needs no corpus.jsonl of its own.
    counted
        What was left out or changed on purpose where they were made, by reason.

    Raises
    ------
    InputProblems
        With every fault of every file of the folder, and every id that a file's passage has too.
    """
    draft = clean(read_source(source, passages))
    draft.counted.update(counted or {})
    source_tables = assemble(draft, f"correct {source}, or import it again (sunwi import)")
    corpus = sorted(chunk_documents(source_tables.documents, params.max_chars), key=Document.sort_key)
    duplicates = find_duplicates(corpus, params.near_duplicate)
    statistics = corpus_statistics(source_tables, corpus, duplicates)
    if passages:
        statistics["documents_read"] = len({passage.source.file for passage in passages if passage.source})
    statistics["counted"] = dict(sorted(draft.counted.items()))
    return Prepared(
        corpus=corpus,
        queries=source_tables.queries,
        qrels=source_tables.qrels,
        dev_queries=source_tables.dev_queries,
        dev_qrels=source_tables.dev_qrels,
        questions=source_tables.questions,
        duplicates=duplicates,
        statistics=statistics,
    )


def write_prepared(
    prepared: Prepared, folder: Path, rows_per_shard: int = 0, judged: Sequence[JudgedQuery] = ()
) -> None:
    """Write the seven files, empty ones too; the statistics are the caller's to write.

    Documents, given questions and duplicates are written in shards, where those are asked for; `judged` has a
    file where there is any.
    """
    tables = Source(
        documents=prepared.corpus,
        queries=prepared.queries,
        qrels=prepared.qrels,
        dev_queries=prepared.dev_queries,
        dev_qrels=prepared.dev_qrels,
        questions=prepared.questions,
        judged=list(judged),
    )
    write_source(tables, folder, rows_per_shard)
    write_rows(folder / "duplicates.jsonl", prepared.duplicates, rows_per_shard)
