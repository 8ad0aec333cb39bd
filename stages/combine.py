"""Build one variant that is made of other variants' rankings, for evaluation and dev dialogues."""

import sys

from project import (
    INDEX,
    METRICS,
    PREPARED,
    QUERIES,
    RANKINGS,
    RERANKER,
    SUBMISSIONS,
    encoder,
    llm_client,
    passages,
    timed,
    told,
)
from sunwi.corpus.prepare import load_prepared
from sunwi.params.loading import load_params
from sunwi.records.files import read_json, read_rows, write_json
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.rerank.rerankers import Rerankers, trained_reranker
from sunwi.submit.combining import combine
from sunwi.submit.dev import dev_metrics
from sunwi.submit.finishing import Submission
from sunwi.submit.writing import read_ranking, remove_strays, write_submission

if __name__ == "__main__":
    name = sys.argv[1]
    params = load_params()
    with timed(f"combine_{name}"):
        remove_strays(RANKINGS, params.submissions)
        corpus = passages()
        texts = dict(zip(corpus.docids, corpus.texts, strict=True))
        client = llm_client(params) if any(one.asks_llm for one in params.combinations.values()) else None

        def built(understood: str, suffix: str) -> Submission:
            return combine(
                name,
                params.combinations,
                lambda variant: read_ranking(RANKINGS, f"{variant}{suffix}"),
                read_rows(QUERIES / understood, UnderstoodQuery),
                texts,
                lambda which: Rerankers(encoder(which, params), trained_reranker(RERANKER), params),
                read_json(INDEX / "blend.json"),
                client,
            )

        with told(f"combine_{name}", client):
            submission = built("understood.jsonl", "")
            dev = built("dev_understood.jsonl", ".dev")
        submission.metrics.update(dev_metrics(dev, load_prepared(PREPARED).dev_qrels, params.score.cutoff))
        if client is not None:
            submission.metrics["llm"] = client.ledger.answers()  # each counted once, whenever it was bought
        write_submission(submission, SUBMISSIONS, name)
        write_json(METRICS / "submissions" / f"{name}.json", submission.metrics)
