"""`sunwi index --with hybrid`: a project's corpus, questions and query encoders on an OpenSearch."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sunwi.errors import EngineError
from sunwi.models.sparse.encoder import SETTINGS_FILE, SparseEncoder, load_sparse
from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.params.fusion import FusionParams
from sunwi.params.reading import Sections
from sunwi.params.search import SearchParams
from sunwi.params.sparse import SparseParams
from sunwi.paths import SPARSE, SPARSE_EXPORT
from sunwi.records.files import read_json
from sunwi.runtime import text_hash
from sunwi.search.servers.connect import connect
from sunwi.search.servers.hybrid_index import HybridIndex, QuestionIndex, SparseIndex, build_hybrid
from sunwi.search.servers.index import SparseField
from sunwi.search.servers.pipeline import alias_of, engine_of
from sunwi.search.servers.server import Server
from sunwi.search.servers.sparse_names import engine_names
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import Which, encoder, labelled_batch
from sunwi.workspace.labels import dev_labels
from sunwi.workspace.questions import questions
from sunwi.workspace.retrieval import question_vectors, server_vectors

DEPLOY_SECONDS = 900.0
NEXT = "check the log and the memory of the server, and run again: what was sent stays"


class _Settings(Sections):
    bm25: Bm25Params = Bm25Params()
    encoder: EncoderParams = EncoderParams()
    fusion: FusionParams = FusionParams()
    sparse: SparseParams = SparseParams()


def put_hybrid(
    workspace: Workspace, which: Which, search: SearchParams, say: Callable[[str], None]
) -> HybridIndex:
    """Index, weights and pipeline; the query encoders too, where the server runs models (ML Commons).

    A trained sparse encoder (models/sparse) becomes a clause beside BM25, dense search and the questions.

    Raises
    ------
    EngineError
        If the server refuses something, or lacks what a hybrid query needs.
    """
    settings, kept = workspace.params(_Settings), questions(workspace)
    server, dialect = connect(engine_of(search), search.timeout)
    labels, model = dev_labels(workspace), encoder(workspace, which)
    own = search.model_copy(update={"index": alias_of(search.index, "hybrid")})
    ml = runs_models(server)
    deployed = _deployed(server, workspace, which, say) if ml else None
    sparse = None
    if (learned := sparse_encoder(workspace)) is not None:
        sparse = sparse_index(workspace, learned, [label.text for label in labels])
        if ml:
            sparse = replace(sparse, model=_deployed_sparse(server, workspace, learned, say))
    return build_hybrid(
        server, dialect, passages(workspace), own, settings.bm25, settings.fusion,
        server_vectors(workspace, which),
        QuestionIndex(question_vectors(workspace, which), [q.qid for q in kept], [q.docid for q in kept]),
        (labelled_batch(workspace, model, labels), labels), deployed, sparse,
    )  # fmt: skip


def runs_models(server: Server) -> bool:
    """Whether the plugin ML Commons is there."""
    answer = server.send("GET", "/_cat/plugins", params={"format": "json"})
    rows = answer.body if isinstance(answer.body, list) else []
    return any(row.get("component") == "opensearch-ml" for row in rows if isinstance(row, dict))


def deployed_model(server: Server, name: str) -> str | None:
    """Id of a model that runs on the server under this name."""
    filters = [{"term": {"name.keyword": name}}, {"term": {"model_state": "DEPLOYED"}}]
    query = {"query": {"bool": {"filter": filters}}, "size": 100, "_source": ["name"]}
    answer = server.send("POST", "/_plugins/_ml/models/_search", query)
    if answer.status == 404:  # no model was ever registered
        return None
    hits = answer.body["hits"]["hits"] if answer.status == 200 else []
    return min((str(hit["_id"]) for hit in hits), default=None)


def _deployed(server: Server, workspace: Workspace, which: Which, say: Callable[[str], None]) -> str:
    """Id of the query encoder on the server; sent where it is not there."""
    from sunwi.models.server.encoder import ARCHIVE, BODY, write_server_encoder

    model, limit = encoder(workspace, which), workspace.params(_Settings).encoder.query_max_length
    # of the weights, not of the archive: a model that is there costs no export
    name = f"sunwi-{which}-query-{text_hash(model.info.content_hash, str(limit))[:12]}"
    if known := deployed_model(server, name):
        say(f"{name}: the server has it as {known}")
        return known
    with tempfile.TemporaryDirectory(prefix="sunwi-encoder-") as work:
        folder = Path(work)
        say("writing the query encoder as TorchScript")
        write_server_encoder(model, "query", limit, name, folder)
        return _sent(server, folder / ARCHIVE, read_json(folder / BODY), say)


def _sent(server: Server, archive: Path, body: dict[str, Any], say: Callable[[str], None]) -> str:
    """Id of a model that runs on the server after this."""
    from sunwi.models.sparse.export.deploy import Cluster, Refused, model_id

    try:
        return model_id(Cluster(), archive, body, DEPLOY_SECONDS, say)
    except Refused as refused:
        raise EngineError(server.engine, f"{body['name']} was not deployed: {refused}", NEXT) from refused


def sparse_encoder(workspace: Workspace) -> SparseEncoder | None:
    """The project's sparse encoder; None where none was trained."""
    folder = workspace.path(SPARSE)
    return load_sparse(folder) if (folder / SETTINGS_FILE).exists() else None


def sparse_index(workspace: Workspace, learned: SparseEncoder, texts: Sequence[str]) -> SparseIndex:
    """The corpus and these queries by the project's sparse encoder, with no model on the server."""
    from sunwi.models.sparse.cache import cached_passages

    settings, folder = workspace.params(_Settings).sparse, workspace.path(SPARSE)
    vectors, _ = cached_passages(learned, folder, passages(workspace).texts, settings.passage_max_length)
    asked = learned.encode_queries(texts, settings.query_max_length)
    return SparseIndex(SparseField(vectors, engine_names(learned.terms)), asked, None)


def _deployed_sparse(
    server: Server, workspace: Workspace, learned: SparseEncoder, say: Callable[[str], None]
) -> str | None:
    """Id of the query side of the sparse encoder's bundle on the server; None where there is no bundle."""
    from sunwi.models.sparse.export.bundle import FOLDER
    from sunwi.models.sparse.export.server_tokens import naming_tokenizer, server_names

    side = "tokenizer" if learned.query == "idf" else "encoder"
    bundle = workspace.path(SPARSE_EXPORT) / FOLDER
    body = bundle / f"register_{side}.json"
    if not body.exists():
        say(f"{body} is not there (dvc repro export_sparse writes it): the application sends the tokens")
        return None
    names = engine_names(learned.terms)
    of_server = server_names(naming_tokenizer(learned.tokenizer), learned.token_ids)
    if unlike := sum(ours != theirs for ours, theirs in zip(names, of_server, strict=True)):
        say(f"{unlike} of {len(names)} tokens have a dot, so another name in the index: no text uses them")
    return _sent(server, bundle / f"{side}.zip", read_json(body), say)
