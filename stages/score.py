"""Measure every variant against the qrels, with intervals and paired tests."""

from sunwi.paths import BASELINES, METRICS, SUBMISSIONS
from sunwi.score.relevance import relevant_documents
from sunwi.score.table import write_scores
from sunwi.submit.scoring import ScoreSections, score_project
from sunwi.submit.strays import remove_strays
from sunwi.workspace.corpus import prepared
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("score") as workspace:
        params = workspace.params(ScoreSections)
        others = params.variants.keys() - params.baselines.keys()
        if strays := remove_strays(SUBMISSIONS, others) + remove_strays(BASELINES, params.baselines):
            print(f"removed files of variants that params.yaml no longer has: {', '.join(strays)}")
        qrels = prepared(workspace).qrels
        if qrels and not relevant_documents(qrels):
            print("no judgement has a grade above 0: only MAP is measured, where an empty list counts 1")
        write_scores(score_project(workspace, params), METRICS)
