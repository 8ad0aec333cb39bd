"""Hard negatives for the train questions."""

from project import (
    METRICS,
    MINED,
    as_queries,
    encoder,
    false_negative_rules,
    passages,
    pipeline,
    questions,
    timed,
)
from sunwi.mining.negatives import mine_negatives
from sunwi.params import load_params
from sunwi.records import write_json, write_rows
from sunwi.search.labelled import synthetic_questions

if __name__ == "__main__":
    params = load_params()
    with timed("mine"):
        corpus, asked = passages(), questions()
        train = synthetic_questions(asked, corpus, {"train"})
        rules = false_negative_rules(corpus, params)
        queries = as_queries(train, encoder("base", params), params)
        mined = mine_negatives(pipeline("base", corpus, params), queries, train, rules, params.mining)
        write_rows(MINED / "train.jsonl", mined.rows)
        write_json(METRICS / "mine.json", mined.metrics)
