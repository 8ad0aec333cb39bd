"""Listwise re-ranking by an LLM (RankGPT; Sun et al. 2023): one request orders the first documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sunwi.llm.outcome import Malformed
from sunwi.llm.prompting import read_object
from sunwi.params.finishing import LlmRerank
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.records.submissions import UnderstoodQuery
from sunwi.submit.llm.asking import Asks, fallback_metrics, passage_block, request, why

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
    client: Asks,
) -> tuple[list[Ranking], dict[str, Any]]:
    """The first `top` documents of each ranking in the model's order, and the counts.

    Documents that a valid answer leaves out follow in their old order (`missing`). Any other end of the
    request keeps the old order, with the reason among the ranking's fallbacks. A query with one document
    or none is not asked.
    """
    open_rows = [at for at, ranking in enumerate(rankings) if len(ranking.places) > 1]
    found = list(rankings)
    statuses: list[str] = []
    missing = 0
    for size in sorted({_size(rankings[at], settings) for at in open_rows}):
        rows = [at for at in open_rows if _size(rankings[at], settings) == size]
        asked = [
            request(
                TASK,
                queries[at].qid,
                {
                    "query": queries[at].standalone_query,
                    "count": str(size),
                    "passages": passage_block(
                        [texts[place.docid] for place in rankings[at].places[:size]],
                        settings.passage_chars,
                    ),
                },
                SCHEMA,
            )
            for at in rows
        ]
        for at, outcome in zip(rows, client.complete(asked, partial(parse_order, size=size)), strict=True):
            statuses.append(outcome.status)
            if outcome.value is None:
                found[at] = rankings[at].with_note(why("llm_rerank", outcome))
                continue
            missing += size - len(outcome.value)
            found[at] = _ordered(rankings[at], outcome.value, size)
    changed = sum(
        new.document_ids[:1] != old.document_ids[:1] for new, old in zip(found, rankings, strict=True)
    )
    metrics = {**fallback_metrics(statuses), "missing": missing, "top1_changed": changed}
    return found, metrics


def parse_order(text: str, size: int) -> list[int]:
    """Places (from 0) in the model's order: known numbers, none twice; some may be missing.

    Raises
    ------
    Malformed
        With everything that is wrong with the answer, for the repair request.

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
    whole = [*order, *(at for at in range(size) if at not in set(order))]
    head = [
        RankedDocument(
            ranking.places[at].document_id,
            ranking.places[at].docid,
            None,
            {**ranking.places[at].evidence, "before_llm_rank": at + 1, "llm_rank": rank},
        )
        for rank, at in enumerate(whole, start=1)
    ]
    return Ranking(head + ranking.places[size:], ranking.fallbacks)
