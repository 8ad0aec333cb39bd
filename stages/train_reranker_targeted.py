"""A second stage on the failures; the gate decides whether it or the first one is the reranker."""

from sunwi.paths import EMBEDDER, INDEX, METRICS, MINED, PLOTS, RERANKER, STAGE1
from sunwi.records.curves import write_curve
from sunwi.records.failures import AugmentedFailure
from sunwi.records.files import read_json, read_rows, write_json
from sunwi.records.mined import CandidateList
from sunwi.train.targeted.judging import TargetedData
from sunwi.train.targeted.run import tune_targeted
from sunwi.train.targeted.settings import TargetedSections
from sunwi.workspace.corpus import passage_texts
from sunwi.workspace.encoders import encoder
from sunwi.workspace.labels import relevant_groups
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("train_reranker_targeted") as workspace:
        params, model = workspace.params(TargetedSections), encoder(workspace, "promoted")
        data = TargetedData(
            lists=read_rows(MINED / "pairs.jsonl", CandidateList),
            documents=relevant_groups(workspace),
            augmented=read_rows(MINED / "augmented.jsonl", AugmentedFailure),
            texts=passage_texts(workspace),
        )
        blend = read_json(INDEX / "blend_stage1.json")
        calibration = blend.pop("calibration")
        tuned = tune_targeted(params, data, model, EMBEDDER, STAGE1, blend, RERANKER)
        if tuned.calibration is not None:
            calibration = tuned.calibration
        write_json(INDEX / "blend.json", {**tuned.blend, "calibration": calibration})
        write_json(METRICS / "train_reranker_targeted.json", tuned.metrics)
        write_curve(PLOTS / "reranker_targeted_loss.csv", tuned.curve)
