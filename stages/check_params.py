"""Check params.yaml with what its sections ask of one another; the output never changes."""

from sunwi.params.loading import load_params
from sunwi.paths import PARAMS_CHECKED
from sunwi.records.files import write_lines
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("check_params") as workspace:
        load_params()
        write_lines(workspace.path(PARAMS_CHECKED), ["params.yaml is valid"])
