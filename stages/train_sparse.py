"""Train the sparse encoder; where it is switched off, say so in its outputs."""

from sunwi.paths import METRICS, MINED, PLOTS, SPARSE, TIMING
from sunwi.records.curves import write_curve
from sunwi.records.files import read_rows, write_json
from sunwi.records.mined import MinedRow
from sunwi.train.sparse.bilingual.dictionary import science_terms
from sunwi.train.sparse.run import compared_systems, run_sparse
from sunwi.train.sparse.settings import SparseSections
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import encoder, labelled_batch
from sunwi.workspace.labels import dev_labels, natural
from sunwi.workspace.questions import questions
from sunwi.workspace.retrieval import local_pipeline
from sunwi.workspace.rules import false_negative_rules
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("train_sparse") as workspace:
        params = workspace.params(SparseSections)
        if params.sparse.enabled:
            model, answer_group = encoder(workspace, "base"), false_negative_rules(workspace).answer_group
            search, weight = local_pipeline(workspace, "base"), params.mining.bm25_weight
            others = compared_systems(search, lambda labels: labelled_batch(workspace, model, labels), weight)
            mined, terms = read_rows(MINED / "train.jsonl", MinedRow), science_terms()
            judged = dev_labels(workspace), natural(workspace, "test")
            corpus, asked = passages(workspace), questions(workspace)
            run = run_sparse(params, mined, asked, corpus, *judged, terms, answer_group, others, SPARSE)
            write_json(TIMING / "sparse_latency.json", run.latency)
            state, metrics, curve = {"trained": True}, run.metrics, run.curve
        else:
            state = metrics = {"trained": False, "reason": "sparse.enabled is false"}
            curve = []
        write_json(SPARSE / "state.json", state)
        write_json(METRICS / "sparse.json", metrics)
        write_curve(PLOTS / "sparse_loss.csv", curve)
