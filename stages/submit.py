"""Build one submission variant of params.yaml, for the evaluation and for the dev dialogues."""

import sys

from sunwi.paths import METRICS, RANKINGS, SUBMISSIONS
from sunwi.records.files import write_json
from sunwi.submit.variant import build_variant
from sunwi.submit.writing import write_ranking, write_submission
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    name = sys.argv[1]
    with stage(f"submit_{name}") as workspace:
        submission, dev = build_variant(workspace, name)
        write_submission(submission, SUBMISSIONS, name)
        write_ranking(submission, RANKINGS, name)
        write_ranking(dev, RANKINGS, f"{name}.dev")
        write_json(METRICS / "submissions" / f"{name}.json", submission.metrics)
