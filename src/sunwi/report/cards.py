"""Model cards in Hugging Face's form, written from what the pipeline measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sunwi.params.whole import Params
from sunwi.report.templating import environment_of
from sunwi.report.training import system_rows
from sunwi.score.measure import COMPETITION
from sunwi.score.measuring import measures
from sunwi.search.rerank.trained import METHODS

LICENCES = {  # of base models whose licence is known here; others' have to be looked up by a person
    "builtin/multilingual-e5-small": ("intfloat/multilingual-e5-small", "mit"),
    "intfloat/multilingual-e5-small": ("intfloat/multilingual-e5-small", "mit"),
    "BAAI/bge-m3": ("BAAI/bge-m3", "mit"),
    "BAAI/bge-reranker-v2-m3": ("BAAI/bge-reranker-v2-m3", "apache-2.0"),
}


def model_cards(
    params: Params,
    scores: Mapping[str, Mapping[str, float]],
    metrics: Mapping[str, Any],
    detail: Mapping[str, Any],
) -> dict[str, str]:
    """Cards of the promoted encoder, the reranker and, where one was trained, the sparse encoder: name of the
    model's folder to Markdown.

    A model is shown with the variants that use it; the card says what the numbers do not show.
    """
    environment = environment_of(autoescape=False)  # Markdown, not HTML; nothing of the corpus is in it
    template = environment.get_template("card.md.j2")
    cards = {
        kind: template.render(_card(kind, params, scores, metrics, detail))
        for kind in ("embedder", "reranker")
    }
    sparse = metrics.get("sparse", {})
    if sparse.get("trained"):
        cards["sparse"] = environment.get_template("sparse_card.md.j2").render(_sparse_card(params, sparse))
    return cards


def _card(
    kind: str,
    params: Params,
    scores: Mapping[str, Mapping[str, float]],
    metrics: Mapping[str, Any],
    detail: Mapping[str, Any],
) -> dict[str, Any]:
    trained = metrics.get(f"train_{kind}", {})
    base_model, licence = _base(
        params.train_reranker.model if kind == "reranker" else params.encoder.model, params
    )
    scorer = METHODS[params.train_reranker.method]
    targeted = metrics.get("train_reranker_targeted", {})
    weights = (targeted if targeted.get("promoted") else trained).get("weights", {})
    uses = [
        name
        for name, submission in params.searching.items()
        if (submission.encoder == "promoted" if kind == "embedder" else submission.rerank in {scorer, "both"})
    ]
    tuned = trained.get("promoted") == "tuned" if kind == "embedder" else bool(trained.get("trained"))
    section = params.train_embedder if kind == "embedder" else params.train_reranker
    shown = [name for name in (params.score.baseline, *uses) if "map" in scores.get(name, {})]
    return {
        "kind": kind,
        "params": params,
        "tuned": tuned,
        "base_model": base_model,
        "licence": licence,
        "trained": trained,
        "weight": weights.get(scorer, {}).get(scorer, 0.0),
        "second_stage": bool(targeted.get("promoted")),
        "questions": metrics.get("qa", {}).get("splits", {}).get("train"),
        "lists": metrics.get("pairs", {}).get("train", {}).get("lists"),
        "section": {key: value for key, value in section.model_dump().items() if key != "enabled"},
        "measures": [
            measure for measure in measures() if measure.key == COMPETITION or "tables" in measure.shown
        ],
        "rows": [(name, scores[name]) for name in dict.fromkeys(shown)],
        "results": [(name, scores[name]) for name in dict.fromkeys(shown) if name in uses],
        "counts": detail.get("all", {}).get("counts", {}),
        "alpha": round(1 - params.score.confidence, 6),
    }


def _sparse_card(params: Params, measured: Mapping[str, Any]) -> dict[str, Any]:
    base_model, licence = _base(params.sparse.model, params)
    return {
        "params": params,
        "base_model": base_model,
        "licence": licence,
        "found": measured,
        "systems": system_rows(measured),
        "section": {key: value for key, value in params.sparse.model_dump().items() if key != "enabled"},
    }


def _base(model: str, params: Params) -> tuple[str, str | None]:
    """The base model's name on the hub, and its licence where that is known here."""
    model = params.encoder.model if model == "encoder" else model
    return LICENCES.get(model, (model, None))
