"""What people judged, and how far the language model agrees with them: below the floor it is not used."""

from sunwi.judging.places import TRUST
from sunwi.paths import METRICS
from sunwi.records.files import write_json
from sunwi.workspace.judge import JudgeSections, judge_client
from sunwi.workspace.judge_measure import measured_judge
from sunwi.workspace.llm import recorded_usage
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("judge") as workspace:
        client = judge_client(workspace) if workspace.params(JudgeSections).judge.provider == "llm" else None
        with recorded_usage(workspace, "judge", client):
            trust, metrics = measured_judge(workspace, client)
        if client is not None:
            print(f"the judge {client.model} is {'used' if trust['used'] else 'not used'}: {trust['why']}")
        write_json(TRUST, trust)
        write_json(METRICS / "judge.json", metrics)
