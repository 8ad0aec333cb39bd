"""`sunwi index --engine elasticsearch`: put the prepared corpus on a search server, behind an alias."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError
from sunwi.paths import INDEX, PREPARED, SPARSE

if TYPE_CHECKING:
    from sunwi.params.search import SearchParams
    from sunwi.search.passages import Passages
    from sunwi.search.servers.index import SparseField
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.encoders import Which


class SearchServer(StrEnum):
    """The server's kind."""

    ELASTICSEARCH = "elasticsearch"
    OPENSEARCH = "opensearch"


class Content(StrEnum):
    """What the index holds beside the texts."""

    PROMOTED = "promoted"
    BASE = "base"
    SPARSE = "sparse"
    TEXTS = "texts"
    HYBRID = "hybrid"


def index(
    *,
    engine: Annotated[
        SearchServer | None, typer.Option(help="Which server.", show_default="search.engine")
    ] = None,
    content: Annotated[
        Content,
        typer.Option(
            "--with",
            help="Vectors of the promoted or the base encoder, the sparse encoder's terms, texts alone, or "
            "all that one hybrid request needs (OpenSearch).",
        ),
    ] = Content.PROMOTED,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Index the corpus on the server of SUNWI_ELASTICSEARCH_URL or SUNWI_OPENSEARCH_URL.

    The alias is search.index with --with's word at its end; it moves in one step when all is indexed.
    """
    from sunwi.params.loading import load_params
    from sunwi.records.files import canonical_json
    from sunwi.search.servers.pipeline import put_index
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.corpus import passages
    from sunwi.workspace.retrieval import passage_windows, server_vectors
    from sunwi.workspace.serving import expansion

    params = load_params()
    search = params.search if engine is None else params.search.model_copy(update={"engine": engine.value})
    if not (PREPARED / "corpus.jsonl").exists():
        raise DataError(f"there is no corpus.jsonl in {PREPARED}", "run make repro, or dvc repro prepare")
    workspace = Workspace()
    if content is Content.HYBRID:
        put_hybrid_index(workspace, search, as_json=as_json)
        return
    vectors = sparse = None
    long = 0
    if content in {Content.PROMOTED, Content.BASE}:
        which: Which = "base" if content is Content.BASE else "promoted"
        path = INDEX / which / "corpus.npy"
        if not path.exists():
            raise DataError(f"there are no vectors in {path}", "run dvc repro, or give --with texts")
        vectors = server_vectors(workspace, which)
        windows = passage_windows(workspace, which)
        long = 0 if windows is None else len(set(windows.owners.tolist()))
    elif content is Content.SPARSE:
        sparse = sparse_field(passages(workspace), params.sparse.passage_max_length)
    _, _, built = put_index(
        content.value, passages(workspace), search, params.bm25, vectors, sparse, expansion(workspace)
    )
    report = built.report
    summary = {
        "alias": built.alias,
        "index": built.name,
        "analyzer": built.analyzer,
        "documents": built.documents,
        "sent": report.indexed if report else 0,
        "sent_again": report.retried if report else 0,
        "mean_of_windows": long,
    }
    if as_json:
        echo(canonical_json(summary))
        return
    done = f"{report.indexed} documents sent" if report else "it stood there already, nothing was sent"
    again = f", {report.retried} of them again after a refusal" if report and report.retried else ""
    echo(f"{built.alias} -> {built.name} ({built.documents} documents, {built.analyzer}): {done}{again}")
    if long:
        echo(f"{long} passages are longer than encoder.max_length: their vector is their windows' mean")


def put_hybrid_index(workspace: Workspace, search: SearchParams, *, as_json: bool) -> None:
    """Index for one request, with the promoted encoder where there is one; the request goes to stdout."""
    from sunwi.records.files import canonical_json
    from sunwi.workspace.hybrid import put_hybrid

    which: Which = "promoted" if (INDEX / "promoted" / "corpus.npy").exists() else "base"
    if not (INDEX / which / "corpus.npy").exists():
        raise DataError(f"there are no vectors in {INDEX / which}", "run dvc repro, or give --with texts")
    built = put_hybrid(workspace, which, search, lambda line: echo(line, err=True))
    fit = built.fit
    summary = {
        "alias": built.alias,
        "index": built.name,
        "analyzer": built.analyzer,
        "documents": built.documents,
        "sent": built.report.indexed if built.report else 0,
        "fusion": fit.technique,
        "weights": fit.weights,
        "dev_mrr": round(fit.mrr, 4),
        "dev_mrr_rrf": round(fit.mrr_rrf, 4),
        "request": built.request,
    }
    if as_json:
        echo(canonical_json(summary))
        return
    weights = ", ".join(f"{name} {weight:g}" for name, weight in sorted(fit.weights.items()))
    echo(f"{built.alias} -> {built.name} ({built.documents} documents, {built.analyzer})", err=True)
    echo(f"{fit.technique} with {weights}; MRR@10 on {fit.questions} dev questions: {fit.mrr:.3f}", err=True)
    echo(f"POST /{built.alias}/_search with the text in place of ${{TEXT}}:", err=True)
    echo(canonical_json(built.request))


def sparse_field(passages: Passages, max_length: int) -> SparseField:
    """The sparse encoder's vectors of the corpus, with names that both engines take."""
    from sunwi.models.sparse.cache import cached_passages
    from sunwi.models.sparse.encoder import load_sparse
    from sunwi.search.servers.index import SparseField
    from sunwi.search.servers.sparse_names import engine_names

    encoder = load_sparse(SPARSE)
    vectors, _ = cached_passages(encoder, SPARSE, passages.texts, max_length)
    return SparseField(vectors, engine_names(encoder.terms))
