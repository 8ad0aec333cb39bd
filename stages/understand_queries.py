"""Dialogues to standalone queries; chit-chat is recognised."""

from project import METRICS, PREPARED, QUERIES, encoder, llm_client, timed, told
from sunwi.corpus.prepare import load_prepared
from sunwi.params.loading import load_params
from sunwi.query.understand import understand
from sunwi.records.files import write_json, write_rows

if __name__ == "__main__":
    params = load_params()
    with timed("understand_queries"):
        prepared = load_prepared(PREPARED)
        dev = (prepared.dev_queries, prepared.dev_qrels) if prepared.dev_queries else None
        client = llm_client(params) if params.query.method == "llm" else None
        base, limit = encoder("base", params), params.encoder.query_max_length
        with told("understand_queries", client):
            result = understand(prepared.queries, base, limit, params.query, dev, client)
        if client is not None:
            result.metrics["cost"] = client.ledger.answers()  # each counted once, whenever it was bought
        write_rows(QUERIES / "understood.jsonl", result.rows)
        write_rows(QUERIES / "dev_understood.jsonl", result.dev_rows)
        write_json(METRICS / "query.json", result.metrics)
