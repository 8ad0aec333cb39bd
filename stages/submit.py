"""Build one submission variant of params.yaml."""

import sys

from project import INDEX, METRICS, QUERIES, RERANKER, SUBMISSIONS, encoder, passages, pipeline, timed
from sunwi.params import load_params
from sunwi.records import UnderstoodQuery, read_json, read_rows, write_json
from sunwi.search.batch import make_queries
from sunwi.search.reranking import Rerankers, cross_encoder_of
from sunwi.submit.building import build, fusion_of
from sunwi.submit.writing import write_submission

if __name__ == "__main__":
    name = sys.argv[1]
    params = load_params()
    variant = params.submissions[name]
    with timed(f"submit_{name}"):
        understood = read_rows(QUERIES / "understood.jsonl", UnderstoodQuery)
        model = encoder(variant.encoder, params)
        queries = make_queries(
            [query.qid for query in understood],
            [query.standalone_query for query in understood],
            model,
            params.encoder.query_max_length,
            params.bm25.tokenizer,
        )
        rerankers = Rerankers(model, cross_encoder_of(RERANKER), params) if variant.rerank != "none" else None
        submission = build(
            variant,
            understood,
            queries,
            pipeline(variant.encoder, passages(), params),
            fusion_of(variant, read_json(INDEX / "fusion.json")[variant.encoder]),
            rerankers,
            read_json(INDEX / "blend.json").get(variant.rerank, {}),
            params.train_reranker.depth,
        )
        write_submission(submission, SUBMISSIONS, name)
        write_json(METRICS / "submissions" / f"{name}.json", submission.metrics)
