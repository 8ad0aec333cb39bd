"""Dialogues to standalone queries; chit-chat is recognised."""

from sunwi.params.encoder import EncoderParams
from sunwi.params.fusion import FusionParams
from sunwi.params.query import QueryParams
from sunwi.params.reading import Sections
from sunwi.paths import METRICS, PREPARED, QUERIES
from sunwi.query.understand import understand
from sunwi.records.files import write_json, write_rows
from sunwi.records.judged import judged_queries
from sunwi.workspace.corpus import prepared
from sunwi.workspace.encoders import encoder
from sunwi.workspace.llm import llm_client, recorded_usage
from sunwi.workspace.stage import stage


class Settings(Sections):
    query: QueryParams = QueryParams()
    fusion: FusionParams = FusionParams()
    encoder: EncoderParams = EncoderParams()


if __name__ == "__main__":
    with stage("understand_queries") as workspace:
        params, tables = workspace.params(Settings), prepared(workspace)
        dev = (tables.dev_queries, tables.dev_qrels) if tables.dev_queries else None
        client = llm_client(workspace) if params.query.method == "llm" else None
        judged = {row.qid: row.chitchat for row in judged_queries(PREPARED)}
        base, limit = encoder(workspace, "base"), params.encoder.query_max_length
        with recorded_usage(workspace, "understand_queries", client):
            result = understand(
                tables.queries, base, limit, params.query, dev, client, judged, params.fusion.prior_questions
            )
        if client is not None:
            result.metrics["cost"] = client.ledger.answers()  # each counted once, whenever it was bought
        write_rows(QUERIES / "understood.jsonl", result.rows)
        write_rows(QUERIES / "dev_understood.jsonl", result.dev_rows)
        write_json(METRICS / "query.json", result.metrics)
