"""Failure notes (오답 노트) of the reranked lists: what beat the right passage, by how much, of what kind."""

from project import (
    INDEX,
    METRICS,
    MINED,
    STAGE1,
    encoder,
    false_negative_rules,
    labelled,
    passages,
    timed,
)
from sunwi.params.loading import load_params
from sunwi.records.files import iter_rows, read_json, write_json, write_rows
from sunwi.records.mined import CandidateList
from sunwi.search.rerank.rerankers import Rerankers, trained_reranker
from sunwi.train.reranker.blend_weights import score_lists
from sunwi.train.reranker.quality import relevances
from sunwi.train.targeted.failures import collect_failures, failure_metrics

if __name__ == "__main__":
    params = load_params()
    with timed("collect_failures"):
        corpus = passages()
        texts = dict(zip(corpus.docids, corpus.texts, strict=True))
        rules = false_negative_rules(corpus, params)
        wanted = set(params.collect_failures.splits)
        lists = [one for one in iter_rows(MINED / "pairs.jsonl", CandidateList) if one.split in wanted]
        rerankers = Rerankers(encoder("promoted", params), trained_reranker(STAGE1), params)
        scored = score_lists(lists, texts, rerankers, params.train_reranker.depth)
        weights = read_json(INDEX / "blend_stage1.json").get("both", {})
        failures = collect_failures(
            lists,
            scored,
            weights,
            {one.qid: [corpus.docids[at] for at in one.relevant] for one in labelled(corpus, params)},
            texts,
            dict(zip(corpus.docids, corpus.groups, strict=True)),
            rules.answers_too,
            params.collect_failures.near_topic,
        )
        write_rows(MINED / "failures.jsonl", failures)
        write_json(
            METRICS / "collect_failures.json", failure_metrics(lists, failures, relevances(scored, weights))
        )
