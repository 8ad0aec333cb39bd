"""Check params.yaml with what its sections ask of one another; show DVC which defaults it replaces."""

from pathlib import Path

from sunwi.judging.places import JUDGEMENTS
from sunwi.params.loading import load_params
from sunwi.params.tracking import OVERRIDES_FILE, overrides_text
from sunwi.paths import BASELINES, METRICS, PARAMS_CHECKED
from sunwi.records.files import write_lines
from sunwi.runtime import atomic_write
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("check_params") as workspace:
        load_params()
        # deps of the stages baseline and judge, which a project may not have
        for folder in (BASELINES, METRICS / BASELINES.relative_to("data"), JUDGEMENTS):
            workspace.path(folder).mkdir(parents=True, exist_ok=True)
        overrides = overrides_text(workspace.root)
        with atomic_write(workspace.path(Path(OVERRIDES_FILE))) as out:
            out.write(overrides)
        write_lines(workspace.path(PARAMS_CHECKED), ["params.yaml is valid"])
