"""Failures into training questions: paraphrases, and negatives that look alike and answer differently."""

from sunwi.params.augment_failures import AugmentFailuresParams
from sunwi.params.reading import Sections
from sunwi.paths import METRICS, MINED
from sunwi.records.failures import Failure
from sunwi.records.files import read_rows, write_json, write_rows
from sunwi.train.targeted.augment import augment_failures, near_negatives, nearest_passages, trainable
from sunwi.train.targeted.augment_llm import augment_by_llm, augment_task, augment_values
from sunwi.workspace.corpus import passage_texts, passages
from sunwi.workspace.llm import llm_client, recorded_usage
from sunwi.workspace.retrieval import passage_vectors
from sunwi.workspace.rules import false_negative_rules
from sunwi.workspace.stage import stage


class Settings(Sections):
    augment_failures: AugmentFailuresParams = AugmentFailuresParams()


if __name__ == "__main__":
    with stage("augment_failures") as workspace:
        settings = workspace.params(Settings).augment_failures
        failures, texts = read_rows(MINED / "failures.jsonl", Failure), passage_texts(workspace)
        near = nearest_passages(passage_vectors(workspace, "promoted"), passages(workspace).docids)
        known = texts, near, false_negative_rules(workspace).is_excluded
        if settings.provider == "llm":
            client, used, task = llm_client(workspace), trainable(failures), augment_task(settings)
            print(client.estimate([task.request(*augment_values(failure, settings)) for failure in used]))
            mined = {failure.qid: near_negatives(failure, *known, 1) for failure in used}
            with recorded_usage(workspace, "augment_failures", client):
                rows, metrics = augment_by_llm(failures, mined, settings, client)
            metrics["llm"] = client.ledger.answers()  # each counted once, whenever it was bought
        else:
            wanted = settings.paraphrases, settings.negatives
            rows, metrics = augment_failures(failures, *known, *wanted)
        write_rows(MINED / "augmented.jsonl", rows)
        write_json(METRICS / "augment_failures.json", metrics)
