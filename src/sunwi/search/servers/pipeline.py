"""The pipeline's search on a server: BM25 and dense there, what only this package has stays here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sunwi.errors import EngineError
from sunwi.models.encoder import Vectors
from sunwi.params.bm25 import Bm25Params
from sunwi.params.search import SearchParams
from sunwi.search.fusion.method import Fusion
from sunwi.search.passages import Passages
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.servers.access import EngineName
from sunwi.search.servers.connect import connect
from sunwi.search.servers.index import BuiltIndex, Dialect, SparseField, build_index
from sunwi.search.servers.retrievers import engine_retrievers
from sunwi.search.servers.server import Server


def alias_of(index: str, which: str) -> str:
    """Alias of the index for one encoder: their vectors differ, so each has its own.

    Examples
    --------
    >>> alias_of("sunwi", "promoted")
    'sunwi-promoted'
    """
    return f"{index}-{which}"


def engine_of(search: SearchParams, bm25: Bm25Params) -> EngineName:
    """The engine that the parameters name.

    Raises
    ------
    EngineError
        If they name no server, or a setting that a server does not support.
    """
    if search.engine == "local":
        raise EngineError("local", "search.engine names no server", "set it, or give --engine elasticsearch")
    if bm25.expand:
        what = "bm25.expand (doc2query) is built into the local index alone"
        raise EngineError(search.engine, what, "set bm25.expand: false, or search.engine: local")
    return search.engine


def put_index(
    which: str,
    passages: Passages,
    search: SearchParams,
    bm25: Bm25Params,
    vectors: Vectors | None,
    sparse: SparseField | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Server, Dialect, BuiltIndex]:
    """Build the index on the server that the environment names, or find it there."""
    server, dialect = connect(engine_of(search, bm25), search.timeout, environment)
    own = search.model_copy(update={"index": alias_of(search.index, which)})
    return server, dialect, build_index(server, dialect, passages, own, bm25, vectors, sparse)


def on_server(
    which: str,
    local: SearchPipeline,
    search: SearchParams,
    bm25: Bm25Params,
    vectors: Vectors,
    environment: Mapping[str, str] | None = None,
) -> SearchPipeline:
    """A local pipeline with its BM25 and dense search on the server; its other retrievers stay.

    The index is built where the server does not have this corpus with these vectors yet.
    """
    server, dialect, built = put_index(which, local.passages, search, bm25, vectors, environment=environment)
    there = engine_retrievers(
        server, dialect, built, local.passages, search.depth, bigram_weight=bm25.bigram_weight
    )
    others = [retriever for name, retriever in local.retrievers.items() if name not in {"bm25", "dense"}]
    return SearchPipeline(local.passages, [*there, *others])


def by_ranks(fusion: Fusion, retrievers: Sequence[str], rrf_k: float, depth: int) -> Fusion:
    """The same weights over reciprocal ranks; a single retriever needs no fusion and stays.

    Two engines score alike passages on other scales, and below the depth of a request scores are unknown:
    ranks are what they agree on.
    """
    if len(set(retrievers)) < 2 or fusion.reads_ranks:
        return fusion
    return Fusion("rrf", fusion.weights, rrf_k, depth)
