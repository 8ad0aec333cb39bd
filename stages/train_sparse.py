"""Train the sparse encoder; where it is switched off, say so in its outputs."""

from project import (
    METRICS,
    MINED,
    PREPARED,
    QUERIES,
    SPARSE,
    as_queries,
    dev_labels,
    encoder,
    false_negative_rules,
    passages,
    pipeline,
    questions,
    timed,
    write_curve,
)
from sunwi.corpus.prepare import load_prepared
from sunwi.params.loading import load_params
from sunwi.records.files import read_rows, write_json
from sunwi.records.mined import MinedRow
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.labelled import natural_questions
from sunwi.train.sparse.bilingual.dictionary import science_terms
from sunwi.train.sparse.questions import of_low_overlap
from sunwi.train.sparse.run import run_sparse

if __name__ == "__main__":
    params = load_params()
    with timed("train_sparse"):
        if not params.sparse.enabled:
            off = {"trained": False, "reason": "sparse.enabled is false"}
            write_json(SPARSE / "state.json", off)
            write_json(METRICS / "sparse.json", off)
            write_curve("sparse_loss", [])
            raise SystemExit(0)
        corpus = passages()
        search = pipeline("base", corpus, params)

        def others(labels):
            """BM25, dense and their weighted sum on the same questions."""
            queries = as_queries(labels, encoder("base", params), params)
            scores = {name: search.retrievers[name].scores(queries) for name in ("bm25", "dense")}
            weights = {"bm25": params.mining.bm25_weight, "dense": 1.0}
            return {**scores, "hybrid": weighted_sum(scores, weights)}

        test = natural_questions(
            read_rows(QUERIES / "understood.jsonl", UnderstoodQuery),
            load_prepared(PREPARED).qrels,
            corpus,
            "test",
            params.bm25.tokenizer,
        )
        mined = read_rows(MINED / "train.jsonl", MinedRow)
        rows = of_low_overlap(mined, questions(), params.sparse.max_overlap)
        run = run_sparse(
            params,
            rows,
            corpus,
            dev_labels(corpus, params),
            test,
            science_terms(),
            false_negative_rules(corpus, params).kin,
            others,
            SPARSE,
        )
        write_json(SPARSE / "state.json", {"trained": True})
        left_out = len(mined) - len(rows)
        write_json(METRICS / "sparse.json", {**run.metrics, "rows_above_max_overlap": left_out})
        write_json(METRICS / "timing" / "sparse_latency.json", run.latency)
        write_curve("sparse_loss", run.curve)
