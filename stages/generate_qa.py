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
            prepared.user_turns(),
            prepared.judged(),
        )
        write_rows(QA / "questions.jsonl", result.kept)
        write_rows(QA / "rejected.jsonl", result.rejected)
        write_json(METRICS / "qa.json", result.metrics)
