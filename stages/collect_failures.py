"""Failure notes of the reranked lists: what beat the right passage, by how much, of what kind."""

from sunwi.paths import INDEX, METRICS, MINED, STAGE1
from sunwi.records.files import iter_rows, read_json, write_json, write_rows
from sunwi.records.mined import CandidateList
from sunwi.search.rerank.blend import ranked_relevance
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import trained_reranker
from sunwi.train.reranker.scored import score_lists
from sunwi.train.targeted.failures import collect_failures, failure_metrics
from sunwi.train.targeted.settings import FailureSections
from sunwi.workspace.corpus import passage_texts, passages
from sunwi.workspace.encoders import encoder
from sunwi.workspace.labels import relevant_passages
from sunwi.workspace.rules import false_negative_rules
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("collect_failures") as workspace:
        params = workspace.params(FailureSections)
        corpus, texts = passages(workspace), passage_texts(workspace)
        wanted = set(params.collect_failures.splits)
        lists = [row for row in iter_rows(MINED / "pairs.jsonl", CandidateList) if row.split in wanted]
        limits = params.encoder, params.train_reranker.max_length
        rerankers = Rerankers(encoder(workspace, "promoted"), trained_reranker(STAGE1), *limits)
        scored = score_lists(lists, texts, rerankers, params.train_reranker.depth)
        weights = read_json(INDEX / "blend_stage1.json").get("both", {})
        known = (relevant_passages(workspace), texts, dict(zip(corpus.docids, corpus.groups, strict=True)))
        is_excluded, topic = false_negative_rules(workspace).is_excluded, params.collect_failures.near_topic
        failures = collect_failures(lists, scored, weights, *known, is_excluded, topic)
        metrics = failure_metrics(lists, failures, ranked_relevance(scored, weights))
        write_rows(MINED / "failures.jsonl", failures)
        write_json(METRICS / "collect_failures.json", metrics)
