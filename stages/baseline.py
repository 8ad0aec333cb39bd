"""Measure the variants that need no training, and show them on a page."""

from sunwi.params.loading import load_params
from sunwi.paths import BASELINE_PAGE, BASELINES, METRICS
from sunwi.records.files import write_json
from sunwi.report.baseline_page import only_baselines, render_baselines
from sunwi.runtime import atomic_write
from sunwi.submit.scoring import score_project
from sunwi.submit.strays import remove_strays
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("baseline") as workspace:
        params = only_baselines(load_params())
        remove_strays(BASELINES, params.baselines)
        scores = score_project(workspace, params)
        write_json(METRICS / "baseline.json", scores.summary)
        with atomic_write(BASELINE_PAGE / "index.html") as out:
            out.write(render_baselines(workspace, params, scores))
