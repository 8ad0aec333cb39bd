"""ONNX, int8 ONNX and the OpenSearch bundle of the sparse encoder; where there is none, say so."""

from project import METRICS, SPARSE, SPARSE_EXPORT, dev_labels, passages, timed
from sunwi.models.sparse.cache import sparse_hash
from sunwi.models.sparse.encoder import load_sparse
from sunwi.params.loading import load_params
from sunwi.records.files import read_json, write_json
from sunwi.train.sparse.export import export_sparse
from sunwi.train.sparse.pool import dev_pool

if __name__ == "__main__":
    params = load_params()
    with timed("export_sparse"):
        state = read_json(SPARSE / "state.json")
        if not state["trained"]:
            off = {"exported": False, "reason": state["reason"]}
            write_json(SPARSE_EXPORT / "state.json", off)
            write_json(METRICS / "sparse_export.json", off)
            raise SystemExit(0)
        corpus = passages()
        pool, labels = dev_pool(corpus, dev_labels(corpus, params), params)
        name = f"sunwi-sparse-{sparse_hash(SPARSE)[:12]}"
        metrics = export_sparse(load_sparse(SPARSE), pool, labels, params, name, SPARSE_EXPORT)
        write_json(SPARSE_EXPORT / "state.json", {"exported": True, "name": name})
        write_json(METRICS / "sparse_export.json", metrics)
