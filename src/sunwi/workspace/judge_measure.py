"""The stage judge: what people judged, and the language model measured against them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sunwi.judging.agreement import agreement
from sunwi.judging.machine import agreement_metrics, trust_of
from sunwi.judging.records import people
from sunwi.judging.summary import judged_summary
from sunwi.llm_judge.calibration import calibrate, people_pairs
from sunwi.workspace.base import Workspace
from sunwi.workspace.judge import JudgeSections
from sunwi.workspace.judgements import judgements, labels_in_use, texts_of_documents

if TYPE_CHECKING:
    from sunwi.llm.client import LlmClient

SETTINGS = ("model", "temperature", "max_tokens", "json_schema", "price_in", "price_out")


def measured_judge(workspace: Workspace, client: LlmClient | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stage judge: what the stages that ask the judge depend on, and the metrics.

    The first one holds the settings that shape the model's answers, and nothing that one more judgement
    changes, so that mining runs again only where its result may differ.

    Parameters
    ----------
    client
        None where `judge.provider` is none.
    """
    params, held = workspace.params(JudgeSections), judgements(workspace)
    summary = judged_summary(held, labels_in_use(workspace))
    own = agreement_metrics(agreement(people(held), params.seed)["krippendorff"]) if people(held) else None
    if client is None:
        trust = trust_of(params.judge, None)
        return asdict(trust), {"people": {**summary, "agreement": own}, "machine": asdict(trust)}
    pairs, left_out = people_pairs(held, texts_of_documents(workspace))
    found = calibrate(client, pairs, params.judge, params.seed)
    trust = trust_of(params.judge, found.agreement)
    machine = {
        **asdict(trust),
        "model": client.model,
        "floor": params.judge.floor,
        "agreement": agreement_metrics(found.agreement),
        "asked": found.asked,
        "graded": len(found.grades),
        "answers": dict(sorted(found.statuses.items())),
        "left_out": dict(sorted(left_out.items())),
        "llm": client.ledger.answers(),
    }
    settings = {name: getattr(client.settings, name) for name in SETTINGS}
    return {**asdict(trust), "llm": settings}, {"people": {**summary, "agreement": own}, "machine": machine}
