"""What went wrong, and what lies where: failure notes, steps, hard negatives, the embedding map."""

import csv

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
from sunwi.params import load_params
from sunwi.records import (
    AugmentedFailure,
    LineageRow,
    MinedRow,
    SubmissionRow,
    UnderstoodQuery,
    read_rows,
    write_json,
    write_rows,
)
from sunwi.report import embedding_map, negative_scores, stage_hits
from sunwi.report.failures import count_causes, failure_notes
from sunwi.report.readings import better_read_queries
from sunwi.score.measures import relevant_documents
from sunwi.score.per_query import read_per_query
from sunwi.score.plots import HEADLINE_RECALL_COLUMNS, headline_recall
from sunwi.score.table import write_csv
from sunwi.search.store import load_vectors

if __name__ == "__main__":
    params = load_params()
    with timed("diagnose"):
        prepared, corpus, asked = load_prepared(PREPARED), passages(), questions()
        understood = read_rows(QUERIES / "understood.jsonl", UnderstoodQuery)
        relevant = relevant_documents(prepared.qrels)
        per_query = read_per_query((METRICS / "per_query.csv").read_text("utf-8"), "metrics/per_query.csv")
        model, length = encoder("promoted", params), params.encoder.query_max_length
        better = better_read_queries(
            prepared.queries,
            {query.qid: query.standalone_query for query in understood},
            relevant,
            lambda texts: model.encode(texts, "query", length, "encode readings"),
            load_vectors(INDEX / "promoted" / "corpus.npy", len(corpus)),
            corpus.groups,
            params.score.cutoff,
        )
        texts = {document.docid: document.text for document in prepared.corpus}
        notes, hits = [], []
        for name in sorted(params.variants):
            lineage = read_rows(SUBMISSIONS / f"{name}.lineage.jsonl", LineageRow)
            topk = {
                str(row.eval_id): row.topk for row in read_rows(SUBMISSIONS / f"{name}.jsonl", SubmissionRow)
            }
            if relevant:
                ranks = per_query.rank[name]
                cutoff = params.score.cutoff
                notes += failure_notes(name, lineage, topk, relevant, ranks, better, texts, cutoff)
            hits += stage_hits.stage_hits(name, lineage, relevant)
        write_rows(DIAGNOSIS / "failures.jsonl", notes)
        write_json(METRICS / "failures.json", count_causes(notes, params.variants))
        write_csv(PLOTS / "stage_hits.csv", stage_hits.COLUMNS, hits)
        chosen = [row for row in hits if row["variant"] == params.headline]
        write_csv(PLOTS / "headline_hits.csv", stage_hits.COLUMNS, chosen)
        with (PLOTS / "recall.csv").open(encoding="utf-8", newline="") as lines:
            recall = headline_recall(csv.DictReader(lines), params.headline, params.score.baseline)
        write_csv(PLOTS / "headline_recall.csv", HEADLINE_RECALL_COLUMNS, recall)
        histogram = negative_scores.score_histogram(read_rows(MINED / "train.jsonl", MinedRow))
        write_csv(PLOTS / "negative_scores.csv", negative_scores.COLUMNS, histogram)

        sought = [query for query in understood if query.needs_retrieval]
        spoken = [query.standalone_query for query in sought]
        augmented = read_rows(MINED / "augmented.jsonl", AugmentedFailure)
        known = [question.qid for question in asked], [question.question for question in asked]
        points = embedding_map.embedding_map(
            {
                embedding_map.EVALUATION: (
                    [query.qid for query in sought],
                    spoken,
                    model.encode(spoken, "query", length, "encode queries"),
                ),
                "synthetic": (*known, load_vectors(INDEX / "promoted" / "questions.npy", len(asked))),
                "augmented": (
                    [row.qid for row in augmented],
                    [row.query for row in augmented],
                    model.encode([row.query for row in augmented], "query", length, "encode augmentations"),
                ),
            },
            {str(note.eval_id) for note in notes if note.variant == params.headline},
            params.report.map_questions,
            params.report.perplexity,
            params.seed,
        )
        write_csv(DIAGNOSIS / "embedding_map.csv", embedding_map.COLUMNS, points)
