"""What each dialogue asks for: a standalone query, and whether it needs retrieval at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.llm.task import Completer
from sunwi.models.encoder import Encoder
from sunwi.params.fusion import FusionParams
from sunwi.params.query import QueryParams
from sunwi.query.by_llm import understand_by_llm
from sunwi.query.chitchat import ChitchatModel, fit_chitchat, read_examples
from sunwi.query.standalone import last_user_turn, standalone_query
from sunwi.query.threshold import DevEvidence, choose_threshold
from sunwi.query.variants import rule_variants
from sunwi.records.corpus import Query
from sunwi.records.submissions import UnderstoodQuery
from sunwi.trec import Qrels

RULES = "rules"
EMPTY_IDS = "empty_ids"


@dataclass(frozen=True, slots=True)
class Understanding:
    """Rows for queries/understood.jsonl in the order of the dialogues, and the stage's metrics."""

    rows: list[UnderstoodQuery]
    dev_rows: list[UnderstoodQuery]
    metrics: dict[str, Any]


def understand(
    queries: Sequence[Query],
    encoder: Encoder,
    query_max_length: int,
    params: QueryParams,
    dev: tuple[Sequence[Query], Qrels] | None,
    client: Completer | None = None,
    judged: Mapping[str, bool] = MappingProxyType({}),
    prior_questions: int = FusionParams().prior_questions,
) -> Understanding:
    """Make every dialogue one query, decide whether it is chit-chat, and word it anew if it is not.

    By `params.method` "llm" the model of `client` does, and the rules' result is used for every request
    without an answer. By rules, the decision rests on the last user turn and its topic, by the threshold of
    `threshold.choose_threshold`. An id in `params.empty_ids` is chit-chat whatever classifier or model say.

    Parameters
    ----------
    dev
        Dev dialogues and their qrels; one without a relevant document is chit-chat, unless people judged it.
    judged
        Id of a dev dialogue that people judged at the desk, to whether they called it chit-chat.
    prior_questions
        `fusion.prior_questions`: judged dialogues that count as much as the threshold without them.

    Returns
    -------
    Understanding
        `metrics` has `threshold` and `threshold_source` (params, dev, examples or judged), counts over
        `queries`, the cross-validated accuracy on the examples, and accuracy, precision and recall of
        chit-chat on dev (0 where undefined). Dev's are optimistic where dev chose the threshold. `judged`
        is what `threshold.Threshold` has of the judged dialogues, where there are any.

    Raises
    ------
    DataError
        If dialogues have no user turn or an empty last one, or an empty id names no dialogue; all are
        named. If the method is "llm" and there is no client.
    """
    if params.method == "llm" and client is None:
        raise DataError("query.method is llm, but no LLM is configured", "set llm.provider in params.yaml")
    dev_queries, qrels = dev if dev is not None else ((), {})
    _check(queries, dev_queries, params.empty_ids)
    model = fit_chitchat(encoder, query_max_length, read_examples())
    standalone, probabilities = _read(queries, model, params)
    dev_standalone, dev_probabilities = _read(dev_queries, model, params)
    dev_labels = np.array(
        [judged.get(query.qid, not _has_relevant(qrels, query)) for query in dev_queries], dtype=bool
    )
    by_people = np.array([query.qid in judged for query in dev_queries], dtype=bool)
    evidence = DevEvidence(dev_probabilities, dev_labels, by_people)
    chosen = choose_threshold(evidence, model.threshold, params, prior_questions)
    threshold = chosen.value

    rows = _rows(queries, standalone, probabilities >= threshold, params.variants)
    dev_rows = _rows(dev_queries, dev_standalone, dev_probabilities >= threshold, params.variants)
    tasks: dict[str, Any] = {}
    if params.method == "llm" and client is not None:
        rows, tasks["llm"] = understand_by_llm(queries, rows, params, client)
        dev_rows, tasks["llm_dev"] = understand_by_llm(dev_queries, dev_rows, params, client)
    emptied = {str(eval_id) for eval_id in params.empty_ids}
    rows = [_emptied(row) if row.qid in emptied else row for row in rows]
    # Into the row cache, while the encoder is loaded: a variant of several wordings then loads none.
    encoder.encode(sorted({text for row in rows for text in _wordings(row)}), "query", query_max_length)
    dev_decided = np.array([not row.needs_retrieval for row in dev_rows], dtype=bool)
    metrics: dict[str, Any] = {
        "threshold": threshold,
        "threshold_source": chosen.source,
        "queries": len(rows),
        "chitchat": sum(not row.needs_retrieval for row in rows),
        "empty_ids": sum(row.source == EMPTY_IDS for row in rows),
        "multi_turn": sum(len(query.messages) > 1 for query in queries),
        "rewritten": sum(
            row.standalone_query != last_user_turn(query.messages)
            for query, row in zip(queries, rows, strict=True)
        ),
        "with_variants": sum(bool(row.variants) for row in rows),
        "with_hypothetical_document": sum(bool(row.hypothetical_document) for row in rows),
        "examples": {"count": model.examples, "cross_validated_accuracy": model.accuracy},
        **tasks,
    }
    if chosen.judged:
        metrics["judged"] = chosen.judged
    if dev_rows:
        metrics["dev"] = {"queries": len(dev_rows), **chitchat_measures(dev_decided, dev_labels)}
    return Understanding(rows, dev_rows, metrics)


def chitchat_measures(decided: npt.NDArray[np.bool_], is_chitchat: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Accuracy of the decisions, shape [queries]; precision and recall of chit-chat, 0 where undefined."""
    caught = int((decided & is_chitchat).sum())
    return {
        "accuracy": float((decided == is_chitchat).mean()),
        "precision": caught / max(1, int(decided.sum())),
        "recall": caught / max(1, int(is_chitchat.sum())),
    }


def _wordings(row: UnderstoodQuery) -> list[str]:
    return [text for text in (row.standalone_query, *row.variants, row.hypothetical_document) if text]


def _read(
    queries: Sequence[Query], model: ChitchatModel, params: QueryParams
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Standalone query of each dialogue, and its probability of chit-chat, shape [queries]."""
    standalone = [standalone_query(query.messages, params.context_terms, params.context) for query in queries]
    turns = [last_user_turn(query.messages) for query in queries]
    # Decided on the topic's nouns whatever is searched: a whole earlier question hides a thank-you.
    topics = [standalone_query(query.messages, params.context_terms, "nouns") for query in queries]
    return standalone, model.probabilities(turns, topics)


def _rows(
    queries: Sequence[Query], standalone: Sequence[str], chitchat: npt.NDArray[np.bool_], variants: int
) -> list[UnderstoodQuery]:
    return [
        UnderstoodQuery(
            eval_id=query.eval_id,
            standalone_query=text,
            needs_retrieval=not decided,
            variants=[] if decided else rule_variants(text, variants),
            source=RULES,
        )
        for query, text, decided in zip(queries, standalone, chitchat.tolist(), strict=True)
    ]


def _emptied(row: UnderstoodQuery) -> UnderstoodQuery:
    return row.model_copy(update={"needs_retrieval": False, "source": EMPTY_IDS})


def _has_relevant(qrels: Qrels, query: Query) -> bool:
    return any(grade > 0 for grade in qrels.get(query.qid, {}).values())


def _check(queries: Sequence[Query], dev_queries: Sequence[Query], empty_ids: Sequence[int | str]) -> None:
    silent = [query.qid for query in (*queries, *dev_queries) if not last_user_turn(query.messages)]
    if silent:
        raise DataError(
            f"expected a last user turn with text, found none in {len(silent)} dialogues: "
            f"eval_id {', '.join(silent)}",
            "correct these dialogues in the source of the queries, then: dvc repro prepare",
        )
    unknown = sorted({str(eval_id) for eval_id in empty_ids} - {query.qid for query in queries})
    if unknown:
        raise DataError(
            f"query.empty_ids names {len(unknown)} dialogues that do not exist: {', '.join(unknown)}",
            "correct query.empty_ids in params.yaml",
        )
