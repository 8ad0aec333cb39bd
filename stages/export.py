"""ONNX, int8 ONNX and a sentence-transformers folder of one tuned model that `exports` names."""

import sys

from sunwi.models.export.pipeline import ExportSections, export_tuned
from sunwi.paths import EMBEDDER, EXPORTS, METRICS, RERANKER
from sunwi.records.files import write_json
from sunwi.workspace.corpus import passages
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    kind = sys.argv[1]
    with stage(f"export_{kind}") as workspace:
        model = {"embedder": EMBEDDER, "reranker": RERANKER}[kind]
        params, texts = workspace.params(ExportSections), list(passages(workspace).texts)
        facts = export_tuned(kind, model, texts, params, EXPORTS / kind)
        write_json(METRICS / "export" / f"{kind}.json", facts)
