"""What went wrong, and what lies where: failure notes, steps, hard negatives, the embedding map."""

from sunwi.paths import DIAGNOSIS, METRICS, PLOTS
from sunwi.records.files import write_json, write_rows
from sunwi.records.tables import write_csv
from sunwi.report import embedding_map, negative_scores, stage_hits
from sunwi.report.project_diagnosis import diagnose_project
from sunwi.score.plots import HEADLINE_RECALL_COLUMNS
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("diagnose") as workspace:
        diagnosis = diagnose_project(workspace)
        write_rows(DIAGNOSIS / "failures.jsonl", diagnosis.notes)
        write_json(METRICS / "failures.json", diagnosis.causes)
        write_csv(PLOTS / "stage_hits.csv", stage_hits.COLUMNS, diagnosis.stage_hits)
        write_csv(PLOTS / "headline_hits.csv", stage_hits.COLUMNS, diagnosis.headline_hits)
        write_csv(PLOTS / "headline_recall.csv", HEADLINE_RECALL_COLUMNS, diagnosis.headline_recall)
        write_csv(PLOTS / "negative_scores.csv", negative_scores.COLUMNS, diagnosis.negative_scores)
        write_csv(DIAGNOSIS / "embedding_map.csv", embedding_map.COLUMNS, diagnosis.embedding_map)
