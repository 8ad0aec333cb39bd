"""Measure every variant against the qrels, with intervals and paired tests."""

from pydantic import NonNegativeInt

from sunwi.params.bm25 import Bm25Params
from sunwi.params.fusion import FusionParams
from sunwi.params.score import ScoreParams
from sunwi.params.variants import VariantSections
from sunwi.paths import METRICS, SUBMISSIONS
from sunwi.records.submitted import read_topk
from sunwi.score.relevance import relevant_documents
from sunwi.score.strata import query_strata
from sunwi.score.table import score_runs, write_scores
from sunwi.submit.strays import remove_strays
from sunwi.trec import read_run
from sunwi.workspace.corpus import passages, prepared
from sunwi.workspace.questions import understood
from sunwi.workspace.stage import stage


class Settings(VariantSections):
    seed: NonNegativeInt = 42
    score: ScoreParams = ScoreParams()
    bm25: Bm25Params = Bm25Params()
    fusion: FusionParams = FusionParams()


if __name__ == "__main__":
    with stage("score") as workspace:
        params, tables = workspace.params(Settings), prepared(workspace)
        names = sorted(params.variants)
        if strays := remove_strays(SUBMISSIONS, names):
            print(f"removed files of variants that params.yaml no longer has: {', '.join(strays)}")
        runs = {name: read_run(SUBMISSIONS / f"{name}.run") for name in names}
        topk = {name: read_topk(SUBMISSIONS / f"{name}.jsonl") for name in names}
        asked, how = understood(workspace), (params.bm25.tokenizer, params.fusion.low_overlap)
        strata = query_strata(tables.queries, asked, tables.qrels, passages(workspace), *how)
        qids = [query.qid for query in tables.queries]
        scores = score_runs(tables.qrels, runs, topk, qids, params.score, seed=params.seed, strata=strata)
        write_scores(scores, METRICS)
        if tables.qrels and not relevant_documents(tables.qrels):
            print("no judgement has a grade above 0: only MAP is measured, where an empty list counts 1")
