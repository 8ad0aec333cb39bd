"""Building an index on a server: checked, counted, and put behind its alias in one step."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sunwi.errors import EngineError
from sunwi.models.encoder import Vectors
from sunwi.params.bm25 import Bm25Params
from sunwi.params.search import SearchParams
from sunwi.search.index.terms import index_terms
from sunwi.search.passages import Passages
from sunwi.search.retrievers.base import Scores
from sunwi.search.servers.bulk import BulkReport, Item
from sunwi.search.servers.publish import publish
from sunwi.search.servers.server import Server, ask, part_of

if TYPE_CHECKING:
    from sunwi.models.sparse.vectors import SparseVectors


class Dialect(Protocol):
    """What Elasticsearch and OpenSearch name differently."""

    minimum: tuple[int, int]
    settings: Mapping[str, Any]

    def dense_field(self, dimensions: int) -> dict[str, Any]: ...
    def sparse_field(self) -> dict[str, Any]: ...
    def dense_query(self, vector: Sequence[float], depth: int) -> dict[str, Any]: ...
    def similarity(self, scores: Scores) -> Scores: ...
    def sparse_query(self, weights: Mapping[str, float]) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class SparseField:
    """Sparse vectors of the passages and the names of their entries, which the server can take."""

    vectors: SparseVectors
    names: Sequence[str]

    def source(self, position: int) -> dict[str, float]:
        """A passage's weights as they are sent: above 0 at four decimals."""
        columns, weights = self.vectors.row(position)
        named = ((self.names[c], round(float(w), 4)) for c, w in zip(columns, weights, strict=True))
        return {name: weight for name, weight in named if weight > 0}


@dataclass(frozen=True, slots=True)
class Expansion:
    """Questions that a passage's text is indexed with (doc2query, `bm25.expand`)."""

    texts: Sequence[str]
    qids: Sequence[str]
    docids: Sequence[str]

    def of(self, passages: Passages) -> list[list[str]]:
        """The questions of each passage, by their ids."""
        found: list[list[str]] = [[] for _ in range(len(passages))]
        owners = passages.positions_of(self.qids, self.docids)
        for _, owner, text in sorted(zip(self.qids, owners, self.texts, strict=True)):
            found[owner].append(text)
        return found


@dataclass(frozen=True, slots=True)
class BuiltIndex:
    """An index behind its alias; `report` is None where it stood there already."""

    name: str
    alias: str
    analyzer: str
    documents: int
    report: BulkReport | None


def check_version(server: Server, dialect: Dialect) -> str:
    """The server's version.

    Raises
    ------
    EngineError
        If it is too old, or another product answers.
    """
    version = part_of(server, ask(server, "GET", "/"), "version")
    number = str(part_of(server, version, "number"))
    if not re.match(r"\d+\.\d+", number):
        what = f"expected a version such as 8.15.0, found {number[:50]!r}"
        raise EngineError(server.engine, what, "check the address: is a proxy or another server there?")
    other = version.get("distribution") == "opensearch"
    if other != (server.engine == "opensearch"):
        right = "opensearch" if other else "elasticsearch"
        raise EngineError(server.engine, f"the server is {right} {number}", f"set search.engine: {right}")
    if tuple(int(part) for part in number.split(".")[:2]) < dialect.minimum:
        wanted = ".".join(map(str, dialect.minimum))
        raise EngineError(server.engine, f"version {number} is too old", f"use {wanted} or later")
    return number


def pick_analyzer(server: Server, wanted: str) -> str:
    """ "nori" or "terms"; `auto` takes our own terms: with nori BM25 loses 5 points of MAP on the demo.

    Raises
    ------
    EngineError
        If nori is asked for and absent.
    """
    if wanted != "nori":
        return "terms"
    answer = server.send("POST", "/_analyze", {"tokenizer": "nori_tokenizer", "text": "검색 엔진"})
    if answer.status == 200:
        return "nori"
    next_step = "install it (bin/*-plugin install analysis-nori), or set search.analyzer: terms"
    raise EngineError(server.engine, "the plugin analysis-nori is absent", next_step)


def index_body(
    dialect: Dialect, analyzer: str, bm25: Bm25Params, dimensions: int | None, *, sparse: bool
) -> dict[str, Any]:
    """Settings and mapping of an index; unknown fields are refused, not guessed."""
    lexical = {"type": "text", "analyzer": "korean" if analyzer == "nori" else "whitespace"}
    properties: dict[str, Any] = {"content" if analyzer == "nori" else "terms": lexical}
    if dimensions is not None:
        properties["vector"] = dialect.dense_field(dimensions)
    if sparse:
        properties["sparse"] = dialect.sparse_field()
    settings: dict[str, Any] = {
        "index.similarity.default": {"type": "BM25", "k1": bm25.k1, "b": bm25.b},
        **dialect.settings,
    }
    if analyzer == "nori":
        settings["analysis"] = {
            # mixed: a compound is kept whole beside its parts, as Kiwi's terms are here
            "tokenizer": {"korean_words": {"type": "nori_tokenizer", "decompound_mode": "mixed"}},
            "analyzer": {
                "korean": {
                    "type": "custom",
                    "tokenizer": "korean_words",
                    "filter": ["nori_part_of_speech", "nori_readingform", "lowercase"],
                }
            },
        }
    return {"settings": settings, "mappings": {"dynamic": "strict", "properties": properties}}


def build_index(
    server: Server,
    dialect: Dialect,
    passages: Passages,
    search: SearchParams,
    bm25: Bm25Params,
    vectors: Vectors | None = None,
    sparse: SparseField | None = None,
    expansion: Expansion | None = None,
) -> BuiltIndex:
    """Index a corpus under a name of its content, then switch the alias to it and delete the older indexes.

    The switch is one request, so a search sees the old index or the new one, whole. An index of the same
    content that the alias already names is left as it is.

    Raises
    ------
    EngineError
        If the server is too old, lacks what is asked for, or did not take every document; the alias then
        still points to the old index.
    """
    check_version(server, dialect)
    analyzer = pick_analyzer(server, search.analyzer)
    dimensions = None if vectors is None else vectors.shape[1]
    body = index_body(dialect, analyzer, bm25, dimensions, sparse=sparse is not None)
    items = _items(passages, analyzer, bm25, vectors, sparse, expansion)
    name, report = publish(server, search, body, items)
    return BuiltIndex(name, search.index, analyzer, len(items), report)


def _items(
    passages: Passages,
    analyzer: str,
    bm25: Bm25Params,
    vectors: Vectors | None,
    sparse: SparseField | None,
    expansion: Expansion | None,
) -> list[Item]:
    """Sources of the passages in docid order."""
    texts = lexical_texts(passages, analyzer, bm25, expansion)
    items: list[Item] = []
    for position, docid in enumerate(passages.docids):
        source: dict[str, Any] = {"content" if analyzer == "nori" else "terms": texts[position]}
        if vectors is not None:
            source["vector"] = [round(float(x), 6) for x in np.asarray(vectors[position], dtype=np.float32)]
        if sparse is not None:
            source["sparse"] = sparse.source(position)
        items.append((docid, source))
    return items


def lexical_texts(
    passages: Passages, analyzer: str, bm25: Bm25Params, expansion: Expansion | None = None
) -> list[str]:
    """What BM25 reads of each passage: its text for nori, else its terms; then those of its questions."""
    questions = expansion.of(passages) if expansion else [[] for _ in range(len(passages))]
    if analyzer == "nori":
        return ["\n".join([text, *own]) for text, own in zip(passages.texts, questions, strict=True)]
    terms = index_terms(passages.texts, bm25.tokenizer)
    added = [index_terms(own, bm25.tokenizer) if own else [] for own in questions]
    return [whitespace_text(list(chain(of_text, *own))) for of_text, own in zip(terms, added, strict=True)]


def whitespace_text(terms: Sequence[str]) -> str:
    """Terms as a whitespace analyzer takes them apart again."""
    return " ".join("_".join(term.split()) for term in terms)
