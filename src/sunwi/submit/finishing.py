"""From rankings to a submission: LLM steps, the chit-chat filter, the cut, run, lineage and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sunwi.errors import DataError
from sunwi.llm.task import Completer
from sunwi.params.finishing import Finishing
from sunwi.records.ranking import Ranking, RankingRow, to_row
from sunwi.records.submissions import LineageRow, SubmissionRow, UnderstoodQuery
from sunwi.submit.llm.answers import Answer, write_answers
from sunwi.submit.llm.listwise import rerank_listwise
from sunwi.submit.llm.pairwise import break_ties
from sunwi.trec import Run

LINEAGE_DEPTH = 10  # the ranks of candidates this high at any step are recorded for the failure notes


@dataclass(frozen=True, slots=True)
class Submission:
    """Rows for the competition, the deep run for measures, and how each place came about.

    `rankings` are what combinations of variants read.
    """

    rows: list[SubmissionRow]
    run: Run
    lineage: list[LineageRow]
    metrics: dict[str, Any]
    rankings: list[RankingRow] = field(default_factory=list)


def finish(
    variant: Finishing,
    understood: Sequence[UnderstoodQuery],
    rankings: Sequence[Ranking],
    texts: Mapping[str, str],
    client: Completer | None = None,
) -> Submission:
    """Every dialogue in one row; `rankings` are in the order of `understood`, `texts` by passage id.

    The LLM is asked for the queries that need retrieval alone (for all where the variant does not filter).

    Raises
    ------
    DataError
        If the variant asks an LLM and there is none.
    """
    if variant.asks_llm and client is None:
        raise DataError(
            "the variant uses an LLM, but no LLM is configured", "set llm.provider in params.yaml"
        )
    emptied = [variant.empty_filter and not query.needs_retrieval for query in understood]
    live = [row for row, empty in enumerate(emptied) if not empty]
    ranked = list(rankings)
    steps: dict[str, Any] = {}
    answers: dict[int, Answer] = {}
    if client is not None:
        queries = [understood[row] for row in live]
        if variant.llm_rerank:
            reranked, steps["llm_rerank"] = rerank_listwise(
                queries, [ranked[row] for row in live], texts, variant.llm_rerank, client
            )
            ranked = _replaced(ranked, live, reranked)
        if variant.tiebreak:
            reranked, steps["tiebreak"] = break_ties(
                queries, [ranked[row] for row in live], texts, variant.tiebreak, client
            )
            ranked = _replaced(ranked, live, reranked)
        if variant.answer:
            written, steps["answer"] = write_answers(
                queries, [ranked[row] for row in live], texts, variant.answer, client
            )
            answers = dict(zip(live, written, strict=True))
    rows, lineage = [], []
    run: Run = {}
    for row, (query, ranking) in enumerate(zip(understood, ranked, strict=True)):
        documents = ranking.document_ids
        # Places, not scores: a re-ranked head and a fused tail have no common scale.
        run[query.qid] = {
            document_id: float(len(documents) - place) for place, document_id in enumerate(documents)
        }
        answer = answers.get(row, Answer("", [], None))
        rows.append(
            SubmissionRow(
                eval_id=query.eval_id,
                standalone_query=query.standalone_query,
                topk=[] if emptied[row] else documents[: variant.k],
                answer=answer.text,
                references=answer.references,
            )
        )
        reason = f"{'no retrieval needed' if emptied[row] else 'ranked'}; {query.source}"
        lineage.append(_lineage(query, ranking, reason, answer.fallback))
    metrics = {"queries": len(rows), "empty_topk": sum(not row.topk for row in rows), **steps}
    written_rankings = [
        to_row(query.eval_id, ranking) for query, ranking in zip(understood, ranked, strict=True)
    ]
    return Submission(rows, run, lineage, metrics, written_rankings)


def _replaced(
    ranked: Sequence[Ranking], live: Sequence[int], replacements: Sequence[Ranking]
) -> list[Ranking]:
    new = dict(zip(live, replacements, strict=True))
    return [new.get(row, ranking) for row, ranking in enumerate(ranked)]


def _lineage(query: UnderstoodQuery, ranking: Ranking, reason: str, fallback: str | None) -> LineageRow:
    candidates = []
    for rank, place in enumerate(ranking.places, start=1):
        ranks = [value for key, value in place.evidence.items() if key.endswith("_rank")]
        if min(rank, *(value for value in ranks if isinstance(value, int)), rank) <= LINEAGE_DEPTH:
            candidates.append({"docid": place.document_id, "rank": rank, **place.evidence})
    return LineageRow(
        eval_id=query.eval_id,
        standalone_query=query.standalone_query,
        needs_retrieval=query.needs_retrieval,
        reason=reason,
        candidates=candidates,
        fallbacks=[*ranking.fallbacks, *([fallback] if fallback else [])],
    )
