"""LoRA on the candidate lists, a cross-encoder or late interaction; blend weights of all rerankers."""

from sunwi.paths import EMBEDDER, INDEX, METRICS, MINED, PLOTS, STAGE1
from sunwi.records.curves import write_curve
from sunwi.records.files import read_rows, write_json
from sunwi.records.mined import CandidateList
from sunwi.train.reranker.run import tune_reranker
from sunwi.train.reranker.settings import RerankerSections
from sunwi.workspace.corpus import passage_texts
from sunwi.workspace.encoders import encoder
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("train_reranker") as workspace:
        params, lists = workspace.params(RerankerSections), read_rows(MINED / "pairs.jsonl", CandidateList)
        model, texts = encoder(workspace, "promoted"), passage_texts(workspace)
        blend, calibration, metrics, curve = tune_reranker(params, lists, texts, model, EMBEDDER, STAGE1)
        write_json(INDEX / "blend_stage1.json", {**blend, "calibration": calibration})
        write_json(METRICS / "train_reranker.json", metrics)
        write_curve(PLOTS / "reranker_loss.csv", curve)
