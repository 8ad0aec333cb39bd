"""Listwise re-ranking by an LLM (RankGPT; Sun et al. 2023): one request orders the first documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sunwi.llm.outcome import Malformed
from sunwi.llm.prompting import read_object, read_prompt
from sunwi.llm.task import Completer, LlmTask
from sunwi.params.finishing import LlmRerank
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.records.submissions import UnderstoodQuery
from sunwi.submit.llm.asking import PROMPTS, fallback_metrics, passage_block, why

TASK = "rerank"
SCHEMA = {
    "type": "object",
    "properties": {"ranking": {"type": "array", "items": {"type": "integer"}}},
    "required": ["ranking"],
    "additionalProperties": False,
}


def rerank_listwise(
    queries: Sequence[UnderstoodQuery],
    rankings: Sequence[Ranking],
    texts: Mapping[str, str],
    settings: LlmRerank,
    client: Completer,
) -> tuple[list[Ranking], dict[str, Any]]:
    """The first `top` documents of each ranking in the model's order, and the counts.

    Documents that a valid answer leaves out follow in their old order (`missing`). Any other end of the
    request keeps the old order, with the reason among the ranking's fallbacks. A query with one document
    or none is not asked.
    """
    open_rows = [row for row, ranking in enumerate(rankings) if len(ranking.places) > 1]
    reranked = list(rankings)
    statuses: list[str] = []
    missing = 0
    prompt = read_prompt(PROMPTS, TASK)
    for size in sorted({_size(rankings[row], settings) for row in open_rows}):
        rows = [row for row in open_rows if _size(rankings[row], settings) == size]
        values = []
        for row in rows:
            shown = [texts[place.docid] for place in rankings[row].places[:size]]
            block = passage_block(shown, settings.passage_chars)
            filled = {"query": queries[row].standalone_query, "count": str(size), "passages": block}
            values.append((queries[row].qid, filled))
        outcomes = LlmTask(TASK, prompt, partial(parse_order, size=size), SCHEMA).ask(client, values)
        for row, outcome in zip(rows, outcomes, strict=True):
            statuses.append(outcome.status)
            if outcome.value is None:
                reranked[row] = rankings[row].with_note(why("llm_rerank", outcome))
                continue
            missing += size - len(outcome.value)
            reranked[row] = _ordered(rankings[row], outcome.value, size)
    pairs = zip(reranked, rankings, strict=True)
    changed = sum(new.document_ids[:1] != old.document_ids[:1] for new, old in pairs)
    metrics = {**fallback_metrics(statuses), "missing": missing, "top1_changed": changed}
    return reranked, metrics


def parse_order(text: str, size: int) -> list[int]:
    """Positions (from 0) in the model's order: known numbers, none twice; some may be missing.

    Raises
    ------
    Malformed
        With all faults of the answer, for the repair request.

    Examples
    --------
    >>> parse_order('{"ranking": [3, 1]}', size=3)
    [2, 0]
    """
    order = read_object(text).get("ranking")
    if not isinstance(order, list) or not order:
        raise Malformed('expected {"ranking": [numbers]}')
    wrong = [value for value in order if isinstance(value, bool) or not isinstance(value, int)]
    if wrong:
        raise Malformed(f"expected whole numbers, found {wrong!r}")
    unknown = sorted({value for value in order if not 1 <= value <= size})
    twice = sorted({value for value in order if order.count(value) > 1})
    faults = [f"unknown numbers {unknown} (known: 1 to {size})"] if unknown else []
    faults += [f"numbers given twice {twice}"] if twice else []
    if faults:
        raise Malformed("; ".join(faults))
    return [value - 1 for value in order]


def _size(ranking: Ranking, settings: LlmRerank) -> int:
    return min(settings.top, len(ranking.places))


def _ordered(ranking: Ranking, order: Sequence[int], size: int) -> Ranking:
    """The head in the new order, without scores: those of the old order are none of the new one's."""
    whole = [*order, *(position for position in range(size) if position not in set(order))]
    head = []
    for rank, position in enumerate(whole, start=1):
        place = ranking.places[position]
        evidence = {**place.evidence, "before_llm_rank": position + 1, "llm_rank": rank}
        head.append(RankedDocument(place.document_id, place.docid, None, evidence))
    return Ranking(head + ranking.places[size:], ranking.fallbacks)
