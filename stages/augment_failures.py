"""Failures into training questions: paraphrases, and negatives that look alike and answer differently."""

import numpy as np

from project import INDEX, METRICS, MINED, false_negative_rules, llm_client, passages, timed, told
from sunwi.params.loading import load_params
from sunwi.records.failures import Failure
from sunwi.records.files import read_rows, write_json, write_rows
from sunwi.search.index.store import load_vectors
from sunwi.train.targeted.augment import augment_failures, near_negatives, trainable
from sunwi.train.targeted.augment_llm import augment_by_llm, augment_request

NEAREST = 50  # neighbours of a beating passage that are looked at

if __name__ == "__main__":
    params = load_params()
    settings = params.augment_failures
    with timed("augment_failures"):
        corpus = passages()
        texts = dict(zip(corpus.docids, corpus.texts, strict=True))
        answers_too = false_negative_rules(corpus, params).answers_too
        vectors = load_vectors(INDEX / "promoted" / "corpus.npy", len(corpus)).astype(np.float32)

        def neighbours(docid: str) -> list[str]:
            near = vectors @ vectors[corpus.position[docid]]
            return [corpus.docids[at] for at in np.argsort(-near, kind="stable")[:NEAREST]]

        failures = read_rows(MINED / "failures.jsonl", Failure)
        if settings.provider == "llm":
            client = llm_client(params)
            print(client.estimate([augment_request(one, settings) for one in trainable(failures)]))
            mined = {
                one.qid: near_negatives(one, texts, neighbours, answers_too, 1) for one in trainable(failures)
            }
            with told("augment_failures", client):
                rows, metrics = augment_by_llm(failures, mined, settings, client)
            metrics["llm"] = client.ledger.answers()  # each counted once, whenever it was bought
        else:
            rows, metrics = augment_failures(
                failures, texts, neighbours, answers_too, settings.paraphrases, settings.negatives
            )
        write_rows(MINED / "augmented.jsonl", rows)
        write_json(METRICS / "augment_failures.json", metrics)
