"""Queries and a corpus as the retrievers see them: text, index terms and vectors side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.records.corpus import Document
from sunwi.search.index.terms import index_terms

if TYPE_CHECKING:
    from sunwi.models.encoder import Encoder, Vectors


@dataclass(frozen=True, slots=True)
class QueryBatch:
    """Queries in one order: ids, texts, index terms and vectors [queries, dimensions]."""

    qids: list[str]
    texts: list[str]
    terms: list[list[str]]
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.qids)

    def part(self, rows: slice) -> QueryBatch:
        """The queries of some rows."""
        return QueryBatch(self.qids[rows], self.texts[rows], self.terms[rows], self.vectors[rows])


def make_queries(
    qids: Sequence[str], texts: Sequence[str], encoder: Encoder, query_max_length: int, tokenizer: str
) -> QueryBatch:
    """Analyse and encode queries; rows that were seen before come from the caches.

    Raises
    ------
    DataError
        Naming the ids of empty queries.
    """
    empty = [qid for qid, text in zip(qids, texts, strict=True) if not text.strip()]
    if empty:
        raise DataError(f"empty queries: {', '.join(empty[:20])}", "remove them or give them text")
    vectors = encoder.encode(texts, "query", query_max_length, "encode queries")
    return QueryBatch(list(qids), list(texts), index_terms(texts, tokenizer, "queries' morphemes"), vectors)


@dataclass(frozen=True, slots=True)
class Passages:
    """The corpus in docid order, with what groups chunks to the document that a judge sees."""

    docids: list[str]
    texts: list[str]
    groups: list[str]  # the parent's docid, or the passage's own
    position: dict[str, int]

    @classmethod
    def of(cls, documents: Iterable[Document]) -> Passages:
        """Passages of a corpus, whose documents may come in any order and are not kept themselves.

        Raises
        ------
        DataError
            If the corpus is empty.
        """
        docids: list[str] = []
        texts: list[str] = []
        groups: list[str] = []
        for document in documents:
            docids.append(document.docid)
            texts.append(document.text)
            groups.append(document.document_id)
        if not docids:
            raise DataError("the corpus is empty", "run sunwi import, or check data.source in params.yaml")
        order = sorted(range(len(docids)), key=docids.__getitem__)
        docids, texts, groups = (
            [column[position] for position in order] for column in (docids, texts, groups)
        )
        return cls(docids, texts, groups, {docid: position for position, docid in enumerate(docids)})

    def __len__(self) -> int:
        return len(self.docids)

    @property
    def text_of(self) -> dict[str, str]:
        """Docid to text."""
        return dict(zip(self.docids, self.texts, strict=True))

    def positions_of(self, qids: Sequence[str], docids: Sequence[str]) -> list[int]:
        """Position of each question's passage.

        Raises
        ------
        DataError
            Naming the questions whose passage the corpus does not hold.
        """
        pairs = zip(qids, docids, strict=True)
        unknown = [f"{qid} ({docid})" for qid, docid in pairs if docid not in self.position]
        if unknown:
            shown = ", ".join(unknown[:20]) + (", ..." if len(unknown) > 20 else "")
            what = f"{len(unknown)} questions name a passage that is not in the corpus: {shown}"
            raise DataError(what, "run generate_qa again (dvc repro), or correct questions.jsonl")
        return [self.position[docid] for docid in docids]


def collapse(
    groups: Sequence[str], order: npt.NDArray[np.int64], depth: int | None = None
) -> npt.NDArray[np.int64]:
    """Positions in ranked order with only the first chunk of each document kept, `depth` at most."""
    best: dict[str, int] = {}
    for position in order:
        if len(best) == depth:
            break
        best.setdefault(groups[position], int(position))
    return np.array(list(best.values()), dtype=np.int64)
