"""Build one variant that is made of other variants' rankings, for evaluation and dev dialogues."""

import sys

from sunwi.params.variants import VariantSections
from sunwi.paths import METRICS, RANKINGS, SUBMISSIONS
from sunwi.records.files import write_json
from sunwi.submit.combination import build_combination
from sunwi.submit.strays import remove_strays
from sunwi.submit.writing import write_submission
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    name = sys.argv[1]
    with stage(f"combine_{name}") as workspace:
        remove_strays(RANKINGS, workspace.params(VariantSections).searching)
        submission, _ = build_combination(workspace, name)
        write_submission(submission, SUBMISSIONS, name)
        write_json(METRICS / "submissions" / f"{name}.json", submission.metrics)
