"""Build one submission variant of params.yaml, for the evaluation and for the dev dialogues."""

import sys

from sunwi.params.variants import VariantSections
from sunwi.paths import RANKINGS
from sunwi.records.files import write_json
from sunwi.submit.folders import submission_folder, submission_metrics
from sunwi.submit.variant import build_variant
from sunwi.submit.writing import write_ranking, write_submission
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    name = sys.argv[1]
    with stage(f"submit_{name}") as workspace:
        submission, dev = build_variant(workspace, name)
        variants = workspace.params(VariantSections)
        write_submission(submission, submission_folder(variants, name), name)
        write_ranking(submission, RANKINGS, name)
        write_ranking(dev, RANKINGS, f"{name}.dev")
        write_json(submission_metrics(variants, name), submission.metrics)
