"""A second stage on the failures; the gate decides whether it or the first one is the reranker."""

from project import (
    EMBEDDER,
    INDEX,
    METRICS,
    MINED,
    RERANKER,
    STAGE1,
    encoder,
    labelled,
    passages,
    timed,
    write_curve,
)
from sunwi.params.loading import load_params
from sunwi.records.failures import AugmentedFailure
from sunwi.records.files import read_json, read_rows, write_json
from sunwi.records.mined import CandidateList
from sunwi.train.targeted.run import TargetedData, tune_targeted

if __name__ == "__main__":
    params = load_params()
    with timed("train_reranker_targeted"):
        corpus = passages()
        data = TargetedData(
            lists=read_rows(MINED / "pairs.jsonl", CandidateList),
            documents={
                one.qid: {corpus.groups[at] for at in one.relevant} for one in labelled(corpus, params)
            },
            augmented=read_rows(MINED / "augmented.jsonl", AugmentedFailure),
            texts=dict(zip(corpus.docids, corpus.texts, strict=True)),
        )
        blend = read_json(INDEX / "blend_stage1.json")
        calibration = blend.pop("calibration")
        model = encoder("promoted", params)
        tuned = tune_targeted(params, data, model, EMBEDDER, STAGE1, blend, RERANKER)
        if tuned.calibration is not None:
            calibration = tuned.calibration
        write_json(INDEX / "blend.json", {**tuned.blend, "calibration": calibration})
        write_json(METRICS / "train_reranker_targeted.json", tuned.metrics)
        write_curve("reranker_targeted_loss", tuned.curve)
