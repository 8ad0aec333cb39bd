"""Make synthetic questions, filter them, split them by document."""

from project import METRICS, PREPARED, QA, timed
from sunwi.corpus.prepare import load_prepared
from sunwi.params import load_params
from sunwi.qa.generate import generate_questions
from sunwi.records import write_json, write_rows

if __name__ == "__main__":
    params = load_params()
    with timed("generate_qa"):
        prepared = load_prepared(PREPARED)
        result = generate_questions(
            prepared.corpus,
            params.qa,
            params.bm25,
            params.seed,
            [(row.docid, row.question, row.source) for row in prepared.questions],
            [
                message.content
                for query in [*prepared.queries, *prepared.dev_queries]
                for message in query.messages
                if message.role == "user"
            ],
            {
                docid
                for qrels in (prepared.qrels, prepared.dev_qrels)
                for row in qrels.values()
                for docid in row
            },
        )
        write_rows(QA / "questions.jsonl", result.kept)
        write_rows(QA / "rejected.jsonl", result.rejected)
        write_json(METRICS / "qa.json", result.metrics)
