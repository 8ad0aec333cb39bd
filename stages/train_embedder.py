"""Fine-tune the encoder; promote it only if it is not worse."""

import sys

from project import (
    EMBEDDER,
    METRICS,
    MINED,
    as_queries,
    dev_labels,
    false_negative_rules,
    passages,
    questions,
    timed,
    write_curve,
)
from sunwi.mining.negatives import mine_negatives
from sunwi.models.encoder import Encoder
from sunwi.params.loading import load_params
from sunwi.records.files import read_rows, write_json
from sunwi.records.mined import MinedRow
from sunwi.search.labelled import synthetic_questions
from sunwi.search.pipeline import build_pipeline
from sunwi.train.embedder.dev_evaluation import CHOSEN_BY
from sunwi.train.embedder.processes import is_main_process, start_processes
from sunwi.train.embedder.run import TrainingData, tune

if __name__ == "__main__":
    params = load_params()
    start_processes(params.train_embedder.num_processes)
    with timed("train_embedder"):
        corpus, asked = passages(), questions()
        rules = false_negative_rules(corpus, params)

        def remine(model: Encoder) -> list[MinedRow]:
            train = synthetic_questions(asked, corpus, {"train"})
            vectors = model.encode(corpus.texts, "passage", params.encoder.max_length, "encode passages")
            pipeline = build_pipeline(corpus, vectors, params.bm25)
            return mine_negatives(
                pipeline, as_queries(train, model, params), train, rules, params.mining
            ).rows

        data = TrainingData(
            rows=read_rows(MINED / "train.jsonl", MinedRow),
            overlaps={question.qid: question.overlap for question in asked},
            styles={question.qid: question.style for question in asked},
            kin=rules.kin,
            remine=remine,
        )
        tuned = tune(params, data, corpus, dev_labels(corpus, params), EMBEDDER)
        if not is_main_process():  # torchrun started several: they trained along, one writes
            sys.exit()
        write_json(METRICS / "train_embedder.json", tuned.metrics)
        write_curve("embedder_loss", tuned.loss_curve)
        write_curve("embedder_dev", tuned.dev_curve, ("step", "dense_ndcg10_low_overlap", CHOSEN_BY))
        # Where a killed run went on is a fact of this machine, so it stands beside the timings.
        write_json(METRICS / "timing" / "train_embedder_run.json", {"resumed_from_step": tuned.resumed_from})
