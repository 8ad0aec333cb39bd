"""ONNX, int8 ONNX and the OpenSearch bundle of the sparse encoder; where there is none, say so."""

from sunwi.models.sparse.cache import sparse_hash
from sunwi.models.sparse.encoder import load_sparse
from sunwi.paths import METRICS, SPARSE, SPARSE_EXPORT
from sunwi.records.files import read_json, write_json
from sunwi.train.sparse.export import export_sparse
from sunwi.train.sparse.pool import dev_pool
from sunwi.train.sparse.settings import ExportSections
from sunwi.workspace.corpus import passages
from sunwi.workspace.labels import dev_labels
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("export_sparse") as workspace:
        trained = read_json(SPARSE / "state.json")
        if trained["trained"]:
            params, name = workspace.params(ExportSections), f"sunwi-sparse-{sparse_hash(SPARSE)[:12]}"
            pool, judged = dev_pool(passages(workspace), dev_labels(workspace), params)
            metrics = export_sparse(load_sparse(SPARSE), pool, judged, params, name, SPARSE_EXPORT)
            state = {"exported": True, "name": name}
        else:
            state = metrics = {"exported": False, "reason": trained["reason"]}
        write_json(SPARSE_EXPORT / "state.json", state)
        write_json(METRICS / "sparse_export.json", metrics)
