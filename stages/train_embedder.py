"""Fine-tune the encoder; promote it only if it is not worse."""

import sys

from sunwi.mining.again import mined_again
from sunwi.paths import EMBEDDER, METRICS, MINED, PLOTS, TIMING
from sunwi.records.curves import write_curve
from sunwi.records.files import read_rows, write_json
from sunwi.records.mined import MinedRow
from sunwi.train.embedder.dev_evaluation import DEV_CURVE
from sunwi.train.embedder.processes import is_main_process, start_processes
from sunwi.train.embedder.run import TrainingData, tune
from sunwi.train.embedder.settings import EmbedderSections
from sunwi.workspace.corpus import passages
from sunwi.workspace.labels import dev_labels, synthetic
from sunwi.workspace.questions import questions
from sunwi.workspace.rules import false_negative_rules
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("train_embedder") as workspace:
        params = workspace.params(EmbedderSections)
        start_processes(params.train_embedder.num_processes)
        corpus, rules = passages(workspace), false_negative_rules(workspace)
        remine = mined_again(corpus, lambda: synthetic(workspace, "train"), rules, params)
        rows = read_rows(MINED / "train.jsonl", MinedRow)
        data = TrainingData.of(rows, questions(workspace), rules.answer_group, remine)
        tuned = tune(params, data, corpus, dev_labels(workspace), EMBEDDER)
        if not is_main_process():  # torchrun started several: they trained along, one writes
            sys.exit()
        write_json(METRICS / "train_embedder.json", tuned.metrics)
        write_curve(PLOTS / "embedder_loss.csv", tuned.loss_curve)
        write_curve(PLOTS / "embedder_dev.csv", tuned.dev_curve, DEV_CURVE)
        # Where a killed run went on is a fact of this machine, so it stands beside the timings.
        write_json(TIMING / "train_embedder_run.json", {"resumed_from_step": tuned.resumed_from})
