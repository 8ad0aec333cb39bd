"""`sunwi index --with hybrid`: a project's corpus, questions and query encoder on an OpenSearch."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from sunwi.errors import EngineError
from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.params.fusion import FusionParams
from sunwi.params.reading import Sections
from sunwi.params.search import SearchParams
from sunwi.records.files import read_json
from sunwi.runtime import text_hash
from sunwi.search.servers.connect import connect
from sunwi.search.servers.hybrid_index import HybridIndex, QuestionIndex, build_hybrid
from sunwi.search.servers.pipeline import alias_of, engine_of
from sunwi.search.servers.server import Server
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import Which, encoder, labelled_batch
from sunwi.workspace.labels import dev_labels
from sunwi.workspace.questions import questions
from sunwi.workspace.retrieval import passage_vectors, question_vectors

DEPLOY_SECONDS = 900.0
NEXT = "check the log and the memory of the server, and run again: what was sent stays"


class _Settings(Sections):
    bm25: Bm25Params = Bm25Params()
    encoder: EncoderParams = EncoderParams()
    fusion: FusionParams = FusionParams()


def put_hybrid(
    workspace: Workspace, which: Which, search: SearchParams, say: Callable[[str], None]
) -> HybridIndex:
    """Index, weights and pipeline; the query encoder too, where the server runs models (ML Commons).

    Raises
    ------
    EngineError
        If the server refuses something, or lacks what a hybrid query needs.
    """
    settings, kept = workspace.params(_Settings), questions(workspace)
    server, dialect = connect(engine_of(search), search.timeout)
    labels, model = dev_labels(workspace), encoder(workspace, which)
    own = search.model_copy(update={"index": alias_of(search.index, "hybrid")})
    deployed = _deployed(server, workspace, which, say) if runs_models(server) else None
    return build_hybrid(
        server, dialect, passages(workspace), own, settings.bm25, settings.fusion,
        passage_vectors(workspace, which),
        QuestionIndex(question_vectors(workspace, which), [q.qid for q in kept], [q.docid for q in kept]),
        (labelled_batch(workspace, model, labels), labels), deployed,
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
    from sunwi.models.sparse.export.deploy import Cluster, Refused, model_id

    model, limit = encoder(workspace, which), workspace.params(_Settings).encoder.query_max_length
    # of the weights, not of the archive: a model that is there costs no export
    name = f"sunwi-{which}-query-{text_hash(model.info.content_hash, str(limit))[:12]}"
    if known := deployed_model(server, name):
        say(f"{name}: the server has it as {known}")
        return known
    try:
        with tempfile.TemporaryDirectory(prefix="sunwi-encoder-") as work:
            folder = Path(work)
            say("writing the query encoder as TorchScript")
            write_server_encoder(model, "query", limit, name, folder)
            return model_id(Cluster(), folder / ARCHIVE, read_json(folder / BODY), DEPLOY_SECONDS, say)
    except Refused as refused:
        raise EngineError(server.engine, f"the query encoder was not deployed: {refused}", NEXT) from refused
