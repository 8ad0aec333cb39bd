"""Measure every variant against the qrels, with intervals and paired tests."""

from project import METRICS, PREPARED, QUERIES, SUBMISSIONS, passages, timed
from sunwi.corpus.prepare import load_prepared
from sunwi.params.loading import load_params
from sunwi.records.files import read_rows
from sunwi.records.submissions import SubmissionRow, UnderstoodQuery
from sunwi.score.strata import query_strata
from sunwi.score.table import score_runs, write_scores
from sunwi.submit.writing import remove_strays
from sunwi.trec import read_run

if __name__ == "__main__":
    params = load_params()
    with timed("score"):
        prepared = load_prepared(PREPARED)
        names = sorted(params.variants)
        if strays := remove_strays(SUBMISSIONS, names):
            print(f"removed files of variants that params.yaml no longer has: {', '.join(strays)}")
        runs = {name: read_run(SUBMISSIONS / f"{name}.run") for name in names}
        rows = {name: read_rows(SUBMISSIONS / f"{name}.jsonl", SubmissionRow) for name in names}
        topk = {name: {str(row.eval_id): row.topk for row in rows[name]} for name in names}
        understood = read_rows(QUERIES / "understood.jsonl", UnderstoodQuery)
        strata = query_strata(prepared.queries, understood, prepared.qrels, passages(), params)
        query_ids = [query.qid for query in prepared.queries]
        scores = score_runs(
            prepared.qrels, runs, topk, query_ids, params.score, seed=params.seed, strata=strata
        )
        write_scores(scores, METRICS)
