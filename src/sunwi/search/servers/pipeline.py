"""The pipeline's search on a server: BM25 and dense there, what only this package has stays here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import partial

from sunwi.errors import EngineError
from sunwi.models.encoder import Vectors
from sunwi.models.passage_vectors import Windows
from sunwi.params.bm25 import Bm25Params
from sunwi.params.search import SearchParams
from sunwi.search.fusion.method import Fusion
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.retrievers.base import Scores
from sunwi.search.servers.access import EngineName
from sunwi.search.servers.connect import connect
from sunwi.search.servers.index import BuiltIndex, Dialect, Expansion, SparseField, build_index
from sunwi.search.servers.long_passages import LongPassages
from sunwi.search.servers.retrievers import engine_retrievers
from sunwi.search.servers.server import Server
from sunwi.search.servers.together import ServerPipeline


def alias_of(index: str, which: str) -> str:
    """Alias of the index for one encoder: their vectors differ, so each has its own.

    Examples
    --------
    >>> alias_of("sunwi", "promoted")
    'sunwi-promoted'
    """
    return f"{index}-{which}"


def engine_of(search: SearchParams) -> EngineName:
    """The engine that the parameters name.

    Raises
    ------
    EngineError
        If they name no server.
    """
    if search.engine == "local":
        raise EngineError("local", "search.engine names no server", "set it, or give --engine elasticsearch")
    return search.engine


def put_index(
    which: str,
    passages: Passages,
    search: SearchParams,
    bm25: Bm25Params,
    vectors: Vectors | None,
    sparse: SparseField | None = None,
    expansion: Expansion | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Server, Dialect, BuiltIndex]:
    """Build the index on the server that the environment names, or find it there."""
    server, dialect = connect(engine_of(search), search.timeout, environment)
    own = search.model_copy(update={"index": alias_of(search.index, which)})
    return server, dialect, build_index(server, dialect, passages, own, bm25, vectors, sparse, expansion)


def on_server(
    which: str,
    local: SearchPipeline,
    search: SearchParams,
    bm25: Bm25Params,
    vectors: Vectors,
    environment: Mapping[str, str] | None = None,
    expansion: Expansion | None = None,
    windows: Windows | None = None,
) -> ServerPipeline:
    """A local pipeline with its BM25 and dense search on the server; its other retrievers stay.

    The index is built where the server does not have this corpus with these vectors yet. With `expansion`
    its BM25 counts the questions' terms too; a query that is one of these questions is scored here, because
    a question must not retrieve its passage through itself. With `windows` the index has a long passage's
    mean, and its dense score is computed here: a search for another program than this one takes the mean.
    """
    served, long = vectors, None
    if windows is not None:
        served = windows.mean(vectors)
        long = LongPassages.of(vectors, served, windows, local.passages.docids)
    server, dialect, built = put_index(
        which, local.passages, search, bm25, served, expansion=expansion, environment=environment
    )
    own = None if expansion is None else partial(_own_questions, local, frozenset(expansion.qids))
    there = engine_retrievers(
        server, dialect, built, local.passages, search.depth,
        bigram_weight=bm25.bigram_weight, vectors=served, own_rows=own, max_tries=search.max_tries, long=long,
    )  # fmt: skip
    others = [retriever for name, retriever in local.retrievers.items() if name not in {"bm25", "dense"}]
    return ServerPipeline(local.passages, [*there, *others])


def _own_questions(local: SearchPipeline, qids: Set[str], queries: QueryBatch) -> dict[int, Scores]:
    """Row to its scores by the local index, of the queries that are questions of the index."""
    rows = [row for row, qid in enumerate(queries.qids) if qid in qids]
    return {row: local.retrievers["bm25"].scores(queries.part(slice(row, row + 1)))[0] for row in rows}


def fusion_there(
    pipeline: SearchPipeline, fusion: Fusion, retrievers: Sequence[str], rrf_k: float, depth: int
) -> tuple[Fusion, str | None]:
    """The local fusion, and None; or the one by ranks that stands in for it on this server, and why."""
    if not isinstance(pipeline, ServerPipeline) or pipeline.fusible:
        return fusion, None
    ranked = by_ranks(fusion, retrievers, rrf_k, depth)
    reason = "search.depth is below the corpus's size, and the server takes no scripts to sum scores"
    return ranked, None if ranked is fusion else reason


def by_ranks(fusion: Fusion, retrievers: Sequence[str], rrf_k: float, depth: int) -> Fusion:
    """The same weights over reciprocal ranks; a single retriever needs no fusion and stays.

    Two engines score alike passages on other scales, and below the depth of a request scores are unknown:
    ranks are what they agree on.
    """
    if len(set(retrievers)) < 2 or fusion.reads_ranks:
        return fusion
    return Fusion("rrf", fusion.weights, rrf_k, depth)
