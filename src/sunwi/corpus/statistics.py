"""What a prepared corpus holds, in numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from sunwi.corpus.rows import DuplicatePair
from sunwi.corpus.source import Source
from sunwi.records.corpus import Document, Query

TOP_SOURCES = 20
_LETTERS = {
    "hangul": re.compile(r"[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]"),
    "latin": re.compile(r"[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\uff21-\uff3a\uff41-\uff5a]"),
    "han": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"),
    "digit": re.compile(r"[0-9\uff10-\uff19]"),
}


def corpus_statistics(
    source: Source, corpus: Sequence[Document], duplicates: Sequence[DuplicatePair]
) -> dict[str, Any]:
    """Counts of documents, chunks, letters, sources, duplicates, queries and judgements.

    `characters` are those of the passages (chunks, where a document was cut); `letters` are shares of all
    Hangul, Latin and Han letters and digits together.
    """
    chunks = [document for document in corpus if document.parent]
    exact = sum(pair.similarity == 1.0 for pair in duplicates)
    return {
        "documents": len(source.documents),
        "documents_cut": len({chunk.parent for chunk in chunks}),
        "passages": len(corpus),
        "chunks": len(chunks),
        "characters": _spread([len(document.content) for document in corpus]),
        "letters": letter_shares(document.content for document in corpus),
        "sources": _top(document.src or "" for document in source.documents),
        "empty_titles": sum(not document.title for document in source.documents),
        "exact_duplicates": exact,
        "near_duplicates": len(duplicates) - exact,
        "queries": len(source.queries),
        "multi_turn_queries": _multi_turn(source.queries),
        "judgements": sum(map(len, source.qrels.values())),
        "judged_queries": len(source.qrels),
        "dev_queries": len(source.dev_queries),
        "dev_judgements": sum(map(len, source.dev_qrels.values())),
        "given_questions": len(source.questions),
    }


def letter_shares(texts: Iterable[str]) -> dict[str, float]:
    """Shares of Hangul, Latin, Han and digits among these four, 0 to 1; all 0 where there is none."""
    counts = Counter(dict.fromkeys(_LETTERS, 0))
    for text in texts:
        for name, letters in _LETTERS.items():
            counts[name] += sum(1 for _ in letters.finditer(text))
    total = counts.total()
    return {name: round(count / total, 6) if total else 0.0 for name, count in counts.items()}


def _spread(lengths: Sequence[int]) -> dict[str, float]:
    return {"min": min(lengths), "median": median(lengths), "max": max(lengths)}


def _top(sources: Iterable[str]) -> dict[str, int]:
    counts = Counter(sources)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOP_SOURCES])


def _multi_turn(queries: Iterable[Query]) -> int:
    return sum(len(query.messages) > 1 for query in queries)
