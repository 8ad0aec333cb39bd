"""A linear ranker over what the retrievers know, on people's dev questions; off where it does not help."""

import sys

from sunwi.params.submissions import LEARNED_RETRIEVERS
from sunwi.paths import INDEX, METRICS
from sunwi.records.files import read_json, write_json
from sunwi.search.fusion.method import Fusion
from sunwi.train.learned.lists import feature_lists
from sunwi.train.learned.run import learn_to_rank, off, reason_to_skip
from sunwi.train.learned.settings import RankerSections
from sunwi.workspace.encoders import Which, encoder, labelled_batch
from sunwi.workspace.labels import people_dev
from sunwi.workspace.retrieval import local_pipeline
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    which: Which = "base" if sys.argv[1] == "base" else "promoted"
    with stage(f"learn_to_rank_{which}") as workspace:
        params = workspace.params(RankerSections)
        settings = params.learning_to_rank
        labels = people_dev(workspace, settings.human_sources)
        metrics: dict[str, object] = {}
        if reason := reason_to_skip(settings, len(labels), params.bm25.tokenizer):
            ranker = off(settings, reason)
        else:
            weights = read_json(INDEX / f"fusion_{which}.json")["+".join(LEARNED_RETRIEVERS)]
            batch = labelled_batch(workspace, encoder(workspace, which), labels)
            search, fusion = local_pipeline(workspace, which), Fusion("weighted", weights)
            lists, names = feature_lists(search, fusion, batch, labels, settings, params.bm25.tokenizer)
            ranker, metrics = learn_to_rank(lists, names, settings, params.seed, params.score.confidence)
        counts = {"people_dev_questions": len(labels), "used": ranker.used, "reason": ranker.reason}
        write_json(INDEX / f"ranker_{which}.json", ranker.as_json())
        write_json(METRICS / f"learning_to_rank_{which}.json", {**counts, **metrics})
