"""Retrievers with scores given by the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from sunwi.records.corpus import Document
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.retrievers.base import Scores


class GivenScores:
    """A retriever whose scores are a table by query id."""

    def __init__(self, name: str, table: dict[str, Sequence[float]]) -> None:
        self.name = name
        self.table = table

    def scores(self, queries: QueryBatch) -> Scores:
        return np.array([self.table[qid] for qid in queries.qids], dtype=np.float32)


def queries_of(qids: Sequence[str]) -> QueryBatch:
    return QueryBatch(list(qids), list(qids), [[] for _ in qids], np.zeros((len(qids), 2), dtype=np.float16))


@pytest.fixture
def given() -> Callable[..., tuple[SearchPipeline, QueryBatch]]:
    """(docids, name=table ...) to a pipeline and its queries; "x#1" is a chunk of "x"."""

    def build(
        docids: Sequence[str], **tables: dict[str, Sequence[float]]
    ) -> tuple[SearchPipeline, QueryBatch]:
        documents = [
            Document(docid=docid, content=f"글 {docid}", parent=docid.split("#")[0] if "#" in docid else None)
            for docid in docids
        ]
        pipeline = SearchPipeline(
            Passages.of(documents), [GivenScores(name, table) for name, table in tables.items()]
        )
        return pipeline, queries_of(list(next(iter(tables.values()))))

    return build
