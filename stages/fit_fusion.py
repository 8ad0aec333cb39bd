"""Weights of the fusion and of untrained MaxSim for one encoder, on the low-overlap dev questions."""

import sys

from sunwi.mining.pairs import RETRIEVERS
from sunwi.paths import INDEX, METRICS, PLOTS
from sunwi.records.curves import write_curve
from sunwi.records.files import write_json
from sunwi.search.fusion.calibrating import calibrate_sets
from sunwi.search.fusion.fitting import fit_fusion
from sunwi.search.fusion.method import Fusion
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.train.reranker.blend_weights import fit_untrained
from sunwi.train.reranker.fit_settings import FitSections
from sunwi.workspace.corpus import passage_texts
from sunwi.workspace.dev_lists import dev_lists
from sunwi.workspace.encoders import Which, encoder, labelled_batch
from sunwi.workspace.labels import dev_labels
from sunwi.workspace.questions import index_generators
from sunwi.workspace.retrieval import local_pipeline
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    which: Which = "base" if sys.argv[1] == "base" else "promoted"
    with stage(f"fit_fusion_{which}") as workspace:
        params, labels = workspace.params(FitSections), dev_labels(workspace)
        model = encoder(workspace, which)
        search = local_pipeline(workspace, which, model if "lexical" in model.info.heads else None)
        queries, generators = labelled_batch(workspace, model, labels), index_generators(workspace)
        fit = calibrate_sets(search, queries, labels, params.fusion, generators)
        grid = fit_fusion(search, ["bm25", "dense"], queries, labels, params.fusion)
        fusion = Fusion("weighted", fit.weights["+".join(RETRIEVERS)])
        lists = dev_lists(workspace, search, model, fusion, labels, params.pairs)
        untrained = Rerankers(model, None, params.encoder, params.train_reranker.max_length)
        blend, quality = fit_untrained(lists, passage_texts(workspace), untrained, params)
        write_json(INDEX / f"fusion_{which}.json", fit.weights)
        write_json(INDEX / f"blend_{which}.json", blend)
        write_json(METRICS / f"fusion_{which}.json", {"fusion": fit.metrics, "late_interaction": quality})
        write_curve(PLOTS / f"fusion_curve_{which}.csv", grid.curve)
