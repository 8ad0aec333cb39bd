"""Make synthetic questions, filter them, split them by document; contexts of the dev questions."""

import sys

from sunwi.compute.choosing import engine_of
from sunwi.paths import METRICS, QA
from sunwi.qa.generate import QaSources, generate_questions
from sunwi.qa.llm.candidates import requests
from sunwi.qa.notices import notices
from sunwi.qa.settings import QaSections
from sunwi.records.files import write_json, write_rows
from sunwi.workspace.corpus import prepared
from sunwi.workspace.encoders import encoder
from sunwi.workspace.llm import llm_client, recorded_usage
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("generate_qa") as workspace:
        params, sources = workspace.params(QaSections), QaSources.of(prepared(workspace))
        base = encoder(workspace, "base") if params.qa.round_trip == "hybrid" else None
        client = llm_client(workspace) if params.qa.provider == "llm" else None
        if client is not None:
            print(client.estimate(requests(sources.documents, params.qa, params.seed)))
        with recorded_usage(workspace, "generate_qa", client):
            result = generate_questions(sources, params, base, client, engine_of(params.compute))
        for notice in notices(sources.documents, result.kept, len(result.rejected), params.qa):
            print(notice, file=sys.stderr)
        write_rows(QA / "questions.jsonl", result.kept, params.rows_per_shard)
        write_rows(QA / "index_questions.jsonl", result.for_index, params.rows_per_shard)
        write_rows(QA / "rejected.jsonl", result.rejected, params.rows_per_shard)
        write_rows(QA / "dev_contexts.jsonl", result.contexts)
        write_json(METRICS / "qa.json", result.metrics)
        # Each answer counts once, whenever it was bought, so that a second run gives the same bytes.
        write_json(METRICS / "llm.json", client.ledger.answers() if client else {})
