"""Build one submission variant of params.yaml, for the evaluation and for the dev dialogues."""

import sys

from project import (
    INDEX,
    METRICS,
    PREPARED,
    QUERIES,
    RANKINGS,
    RERANKER,
    SPARSE,
    STAGE1,
    SUBMISSIONS,
    encoder,
    llm_client,
    passages,
    serving,
    timed,
    told,
)
from sunwi.corpus.prepare import load_prepared
from sunwi.models.sparse.cache import cached_passages
from sunwi.models.sparse.encoder import load_sparse
from sunwi.params.loading import load_params
from sunwi.records.files import read_json, read_rows, write_json
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.passages import make_queries
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.rerank.rerankers import Rerankers, trained_reranker
from sunwi.search.retrievers.splade import SpladeRetriever
from sunwi.search.servers.pipeline import by_ranks
from sunwi.submit.building import build_understood, fusion_of
from sunwi.submit.dev import dev_metrics
from sunwi.submit.finishing import Submission
from sunwi.submit.writing import write_ranking, write_submission

RERANKERS = {"final": (RERANKER, INDEX / "blend.json"), "stage1": (STAGE1, INDEX / "blend_stage1.json")}

if __name__ == "__main__":
    name = sys.argv[1]
    params = load_params()
    variant = params.submissions[name]
    with timed(f"submit_{name}"):
        model = encoder(variant.encoder, params)
        lexical = model if "lexical" in variant.retrievers else None
        corpus = passages()
        index = serving(variant.encoder, corpus, params, lexical)
        if "sparse" in variant.retrievers:
            learned, limits = load_sparse(SPARSE), params.sparse
            vectors, _ = cached_passages(learned, SPARSE, corpus.texts, limits.passage_max_length)
            splade = SpladeRetriever(learned, vectors, limits.query_max_length)
            index = SearchPipeline(corpus, [*index.retrievers.values(), splade])
        fusion = fusion_of(variant, read_json(INDEX / "fusion.json")[variant.encoder])
        on_engine = params.search.engine != "local"
        if on_engine:
            fusion = by_ranks(fusion, variant.retrievers, variant.rrf_k, variant.depth)
        rerankers, weights, calibration = None, variant.rerank_weights, None
        if variant.rerank != "none":
            trained, blend = RERANKERS[variant.reranker]
            rerankers = Rerankers(model, trained_reranker(trained), params)
            if weights is None:  # given weights are another blend than the calibrated one
                fitted = read_json(blend)
                weights = fitted.get(variant.rerank, {})
                calibration = fitted.get("calibration", {}).get(variant.rerank)
        depth = variant.rerank_depth or params.train_reranker.depth
        client = llm_client(params) if variant.asks_llm else None

        size, tokenizer = params.encoder.query_max_length, params.bm25.tokenizer

        def built(name: str) -> Submission:
            return build_understood(
                variant, read_rows(QUERIES / name, UnderstoodQuery),
                lambda qids, texts: make_queries(qids, texts, model, size, tokenizer),
                index, fusion, rerankers, weights or {}, depth, client, calibration,
            )  # fmt: skip

        with told(f"submit_{name}", client):
            submission, dev = built("understood.jsonl"), built("dev_understood.jsonl")
        submission.metrics.update(dev_metrics(dev, load_prepared(PREPARED).dev_qrels, params.score.cutoff))
        if on_engine:
            submission.metrics["engine"] = {"name": params.search.engine, "fusion": fusion.method}
        if client is not None:
            submission.metrics["llm"] = client.ledger.answers()  # each counted once, whenever it was bought
        write_submission(submission, SUBMISSIONS, name)
        write_ranking(submission, RANKINGS, name)
        write_ranking(dev, RANKINGS, f"{name}.dev")
        write_json(METRICS / "submissions" / f"{name}.json", submission.metrics)
