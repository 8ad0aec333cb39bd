"""What went wrong, and what lies where: failure notes, steps, hard negatives, the embedding map."""

import csv
from functools import partial

from project import (
    DIAGNOSIS,
    INDEX,
    METRICS,
    MINED,
    PLOTS,
    PREPARED,
    QUERIES,
    SUBMISSIONS,
    encoder,
    passages,
    questions,
    timed,
)
from sunwi.corpus.prepare import load_prepared
from sunwi.params.loading import load_params
from sunwi.records.failures import AugmentedFailure
from sunwi.records.files import iter_rows, read_rows, write_json, write_rows
from sunwi.records.mined import MinedRow
from sunwi.records.submissions import UnderstoodQuery
from sunwi.report import embedding_map, negative_scores, stage_hits
from sunwi.report.diagnosis import diagnose, read_submitted
from sunwi.report.failures import count_causes
from sunwi.report.readings import better_read_queries
from sunwi.score.measures import relevant_documents
from sunwi.score.plots import HEADLINE_RECALL_COLUMNS, headline_recall
from sunwi.score.table import write_csv
from sunwi.search.index.store import load_vectors

if __name__ == "__main__":
    params = load_params()
    with timed("diagnose"):
        prepared, corpus, asked = load_prepared(PREPARED), passages(), questions()
        understood = read_rows(QUERIES / "understood.jsonl", UnderstoodQuery)
        relevant = relevant_documents(prepared.qrels)
        model, length = encoder("promoted", params), params.encoder.query_max_length
        encode = partial(model.encode, side="query", max_length=length, label="encode queries")
        better = better_read_queries(
            prepared.queries,
            {query.qid: query.standalone_query for query in understood},
            relevant,
            encode,
            load_vectors(INDEX / "promoted" / "corpus.npy", len(corpus)),
            corpus.groups,
            params.score.cutoff,
        )
        texts = {document.docid: document.text for document in prepared.corpus}
        submitted = read_submitted(SUBMISSIONS, METRICS / "per_query.csv", params.variants)
        found = diagnose(submitted, relevant, better, texts, params.score.cutoff)
        write_rows(DIAGNOSIS / "failures.jsonl", found.notes)
        write_json(METRICS / "failures.json", count_causes(found.notes, params.variants))
        write_csv(PLOTS / "stage_hits.csv", stage_hits.COLUMNS, found.hits)
        chosen = [row for row in found.hits if row["variant"] == params.headline]
        write_csv(PLOTS / "headline_hits.csv", stage_hits.COLUMNS, chosen)
        with (PLOTS / "recall.csv").open(encoding="utf-8", newline="") as lines:
            recall = headline_recall(csv.DictReader(lines), params.headline, params.score.baseline)
        write_csv(PLOTS / "headline_recall.csv", HEADLINE_RECALL_COLUMNS, recall)
        histogram = negative_scores.score_histogram(iter_rows(MINED / "train.jsonl", MinedRow))
        write_csv(PLOTS / "negative_scores.csv", negative_scores.COLUMNS, histogram)

        known = asked, load_vectors(INDEX / "promoted" / "questions.npy", len(asked))
        augmented = read_rows(MINED / "augmented.jsonl", AugmentedFailure)
        points = embedding_map.embedding_map(
            embedding_map.question_groups(understood, known, augmented, encode),
            found.failed(params.headline),
            params.report.map_questions,
            params.report.perplexity,
            params.seed,
        )
        write_csv(DIAGNOSIS / "embedding_map.csv", embedding_map.COLUMNS, points)
