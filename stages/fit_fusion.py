"""Fusion weights for each encoder and each set of retrievers, on the low-overlap dev questions."""

from project import INDEX, METRICS, as_queries, dev_labels, encoder, passages, pipeline, timed, write_curve
from sunwi.params.loading import load_params
from sunwi.records.files import write_json
from sunwi.search.fusion.fitting import fit_all

if __name__ == "__main__":
    params = load_params()
    with timed("fit_fusion"):
        corpus = passages()
        labels = dev_labels(corpus, params)
        fitted = {}
        for which in ("base", "promoted"):
            model = encoder(which, params)
            queries = as_queries(labels, model, params)
            search = pipeline(which, corpus, params, model if "lexical" in model.info.heads else None)
            fitted[which] = fit_all(search, queries, labels, params)
        write_json(INDEX / "fusion.json", {which: fit.weights for which, fit in fitted.items()})
        write_json(METRICS / "fusion.json", {which: fit.metrics for which, fit in fitted.items()})
        write_curve("fusion_curve", fitted["promoted"].curve("bm25+dense"))
