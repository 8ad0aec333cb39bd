"""Make synthetic questions, filter them, split them by document; contexts of the dev questions."""

from project import METRICS, PREPARED, QA, encoder, llm_client, timed, told
from sunwi.compute.choosing import engine_of
from sunwi.corpus.duplicates import copies_of
from sunwi.corpus.prepare import load_prepared
from sunwi.params.loading import load_params
from sunwi.qa.generate import QaSources, generate_questions
from sunwi.qa.llm.candidates import requests
from sunwi.records.files import write_json, write_rows

if __name__ == "__main__":
    params = load_params()
    with timed("generate_qa"):
        prepared = load_prepared(PREPARED)
        sources = QaSources(
            documents=prepared.corpus,
            given=[(row.docid, row.question, row.source) for row in prepared.questions],
            evaluation_texts=prepared.user_turns(),
            judged=prepared.judged(),
            copies=copies_of(prepared.duplicates),
        )
        base = encoder("base", params) if params.qa.round_trip == "hybrid" else None
        client = llm_client(params) if params.qa.provider == "llm" else None
        if client is not None:
            print(client.estimate(requests(prepared.corpus, params.qa, params.seed)))
        with told("generate_qa", client):
            result = generate_questions(sources, params, base, client, engine_of(params.compute))
        write_rows(QA / "questions.jsonl", result.kept, params.rows_per_shard)
        write_rows(QA / "rejected.jsonl", result.rejected, params.rows_per_shard)
        write_rows(QA / "dev_contexts.jsonl", result.contexts)
        write_json(METRICS / "qa.json", result.metrics)
        # Each answer counts once, whenever it was bought, so that a second run gives the same bytes.
        write_json(METRICS / "llm.json", client.ledger.answers() if client else {})
