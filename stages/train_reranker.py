"""LoRA on the candidate lists, a cross-encoder or late interaction; blend weights of all rerankers."""

from project import EMBEDDER, INDEX, METRICS, MINED, STAGE1, encoder, passages, timed, write_curve
from sunwi.params.loading import load_params
from sunwi.records.files import read_rows, write_json
from sunwi.records.mined import CandidateList
from sunwi.train.reranker.run import tune_reranker

if __name__ == "__main__":
    params = load_params()
    with timed("train_reranker"):
        corpus = passages()
        texts = dict(zip(corpus.docids, corpus.texts, strict=True))
        lists = read_rows(MINED / "pairs.jsonl", CandidateList)
        blend, calibration, metrics, curve = tune_reranker(
            params, lists, texts, encoder("promoted", params), EMBEDDER, STAGE1
        )
        write_json(INDEX / "blend_stage1.json", {**blend, "calibration": calibration})
        write_json(METRICS / "train_reranker.json", metrics)
        write_curve("reranker_loss", curve)
