"""Candidate lists of the promoted hybrid retriever for the train and dev questions."""

from sunwi.mining.pairs import RETRIEVERS, candidate_lists, chosen_questions, pool_metrics, triplets
from sunwi.mining.settings import PairSections
from sunwi.paths import INDEX, METRICS, MINED
from sunwi.records.files import read_json, write_json, write_rows
from sunwi.search.fusion.method import Fusion
from sunwi.search.retrievers.dense_torch import use_gpu
from sunwi.workspace.corpus import passage_texts
from sunwi.workspace.encoders import encoder, labelled_batch
from sunwi.workspace.labels import labels
from sunwi.workspace.retrieval import local_pipeline, passage_vectors, passage_windows
from sunwi.workspace.rules import false_negative_rules
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("mine_pairs") as workspace:
        params = workspace.params(PairSections)
        chosen = chosen_questions(labels(workspace), params.pairs.max_train, params.pairs.max_dev)
        queries = labelled_batch(workspace, encoder(workspace, "promoted"), chosen)
        fusion = Fusion("weighted", read_json(INDEX / "fusion_promoted.json")["+".join(RETRIEVERS)])
        search = local_pipeline(workspace, "promoted")
        if params.dense.index == "flat":
            vectors = passage_vectors(workspace, "promoted"), passage_windows(workspace, "promoted")
            use_gpu(search.retrievers, *vectors)
        rules = false_negative_rules(workspace)
        lists = candidate_lists(search, RETRIEVERS, fusion, queries, chosen, params.pairs.depth, rules)
        write_rows(MINED / "pairs.jsonl", lists, params.rows_per_shard)
        trios = triplets(lists, passage_texts(workspace), params.mining.max_positive_share)
        write_rows(MINED / "triplets.jsonl", trios, params.rows_per_shard)
        write_json(METRICS / "pairs.json", pool_metrics(lists))
