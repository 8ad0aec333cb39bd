"""Candidate lists of the promoted hybrid retriever for the train and dev questions."""

from project import (
    INDEX,
    METRICS,
    MINED,
    as_queries,
    encoder,
    false_negative_rules,
    labelled,
    passages,
    pipeline,
    timed,
)
from sunwi.mining.pairs import candidate_lists, chosen_questions, pool_metrics, triplets
from sunwi.params.loading import load_params
from sunwi.records.files import read_json, write_json, write_rows
from sunwi.runtime import pick_device
from sunwi.search.index.store import load_vectors
from sunwi.search.pipeline import Fusion
from sunwi.search.retrievers.dense_torch import TorchDenseRetriever

if __name__ == "__main__":
    params = load_params()
    with timed("mine_pairs"):
        corpus = passages()
        labels = chosen_questions(labelled(corpus, params), params.pairs.max_train, params.pairs.max_dev)
        queries = as_queries(labels, encoder("promoted", params), params)
        names = ["bm25", "dense", "questions"]
        fusion = Fusion("weighted", read_json(INDEX / "fusion.json")["promoted"]["+".join(names)])
        search = pipeline("promoted", corpus, params)
        if (device := pick_device()).type == "cuda" and params.dense.index == "flat":
            vectors = load_vectors(INDEX / "promoted" / "corpus.npy", len(corpus))
            search.retrievers["dense"] = TorchDenseRetriever(vectors, device.type)
        lists = candidate_lists(
            search, names, fusion, queries, labels, params.pairs.depth, false_negative_rules(corpus, params)
        )
        write_rows(MINED / "pairs.jsonl", lists, params.rows_per_shard)
        texts = dict(zip(corpus.docids, corpus.texts, strict=True))
        trios = triplets(lists, texts, params.mining.max_positive_share)
        write_rows(MINED / "triplets.jsonl", trios, params.rows_per_shard)
        write_json(METRICS / "pairs.json", pool_metrics(lists))
