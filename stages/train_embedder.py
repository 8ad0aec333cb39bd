"""Fine-tune the encoder; promote it only if it is not worse."""

from project import (
    EMBEDDER,
    METRICS,
    MINED,
    dev_labels,
    false_negative_rules,
    passages,
    questions,
    timed,
    write_curve,
)
from sunwi.params import load_params
from sunwi.records import MinedRow, read_rows, write_json
from sunwi.train.tuning import tune

if __name__ == "__main__":
    params = load_params()
    with timed("train_embedder"):
        corpus = passages()
        overlaps = {question.qid: question.overlap for question in questions()}
        rows = read_rows(MINED / "train.jsonl", MinedRow)
        kin = false_negative_rules(corpus, params).kin
        metrics, curve = tune(params, rows, overlaps, corpus, dev_labels(corpus, params), kin, EMBEDDER)
        write_json(METRICS / "train_embedder.json", metrics)
        write_curve("embedder_loss", curve)
