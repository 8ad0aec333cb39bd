"""Hard negatives for the train questions."""

import sys

from sunwi.mining.metrics import MiningCount
from sunwi.mining.mine_settings import MineSections
from sunwi.mining.negatives import mined_rows
from sunwi.paths import METRICS, MINED
from sunwi.records.files import write_json, write_rising
from sunwi.search.rerank.rerankers import teacher_of
from sunwi.workspace.encoders import encoder, labelled_batch
from sunwi.workspace.judged_mining import MiningJudge
from sunwi.workspace.labels import synthetic
from sunwi.workspace.rules import false_negative_rules
from sunwi.workspace.serving import serving_pipeline
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("mine") as workspace:
        params, base = workspace.params(MineSections), encoder(workspace, "base")
        train = synthetic(workspace, "train")
        rules, search = false_negative_rules(workspace), serving_pipeline(workspace, "base")
        queries = labelled_batch(workspace, base, train)
        teacher = teacher_of(params.mining.reranker, base, params.encoder, params.train_reranker.max_length)
        judge = MiningJudge(workspace, params.mining)
        count = MiningCount(judge.mining.negatives)
        rows = mined_rows(search, queries, train, rules, judge.mining, count, params.seed, teacher)
        write_rising(MINED / "train.jsonl", judge.rows(rows), params.rows_per_shard)
        for notice in filter(None, (count.notice(len(search.passages)), judge.notice)):
            print(notice, file=sys.stderr)
        write_json(METRICS / "mine.json", judge.metrics(count))
