"""Fusion weights for each encoder and each set of retrievers, on the low-overlap dev questions."""

from sunwi.params.fusion import FusionParams
from sunwi.params.reading import Sections
from sunwi.paths import INDEX, METRICS, PLOTS
from sunwi.records.curves import write_curve
from sunwi.records.files import write_json
from sunwi.search.fusion.fitting import fit_all
from sunwi.workspace.encoders import encoder, labelled_batch
from sunwi.workspace.labels import dev_labels
from sunwi.workspace.retrieval import local_pipeline
from sunwi.workspace.stage import stage


class Settings(Sections):
    fusion: FusionParams = FusionParams()


if __name__ == "__main__":
    with stage("fit_fusion") as workspace:
        settings, labels, fitted = workspace.params(Settings).fusion, dev_labels(workspace), {}
        for which in ("base", "promoted"):
            model = encoder(workspace, which)
            queries = labelled_batch(workspace, model, labels)
            search = local_pipeline(workspace, which, model if "lexical" in model.info.heads else None)
            fitted[which] = fit_all(search, queries, labels, settings)
        write_json(INDEX / "fusion.json", {which: fit.weights for which, fit in fitted.items()})
        write_json(METRICS / "fusion.json", {which: fit.metrics for which, fit in fitted.items()})
        write_curve(PLOTS / "fusion_curve.csv", fitted["promoted"].curve("bm25+dense"))
