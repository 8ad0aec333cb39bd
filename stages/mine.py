"""Hard negatives for the train questions."""

from project import (
    METRICS,
    MINED,
    as_queries,
    encoder,
    false_negative_rules,
    passages,
    questions,
    serving,
    timed,
)
from sunwi.mining.metrics import MiningCount
from sunwi.mining.negatives import mined_rows
from sunwi.params.loading import load_params
from sunwi.records.files import write_json, write_rising
from sunwi.search.labelled import synthetic_questions
from sunwi.search.rerank.rerankers import teacher_of

if __name__ == "__main__":
    params = load_params()
    with timed("mine"):
        corpus, asked = passages(), questions()
        train = synthetic_questions(asked, corpus, {"train"})
        rules = false_negative_rules(corpus, params)
        base = encoder("base", params)
        queries = as_queries(train, base, params)
        search = serving("base", corpus, params)
        teacher = teacher_of(params.mining.reranker, base, params)
        count = MiningCount(params.mining.negatives)
        rows = mined_rows(search, queries, train, rules, params.mining, count, params.seed, teacher)
        write_rising(MINED / "train.jsonl", rows, params.rows_per_shard)
        write_json(METRICS / "mine.json", count.metrics())
