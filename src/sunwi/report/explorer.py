"""Data of the failure explorer: queries, each variant's results, and the passages shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sunwi.records.submissions import LineageRow
from sunwi.report.charts import CAUSE_LABELS, STEP_LABELS
from sunwi.report.failures import CAUSES
from sunwi.report.inputs import PageInputs
from sunwi.report.judgements import DESK
from sunwi.score.relevance import relevant_documents

SHOWN = 5  # candidates of a ranking; the lineage's other relevant ones come below them


def explorer_data(inputs: PageInputs, variants: Sequence[str]) -> dict[str, Any]:
    """Queries and rankings as JSON; documents are named by their place in `docs`.

    Parameters
    ----------
    variants
        Those that can be looked at. At most `report.explorer_queries` queries are taken, those first that
        fail in most of them; `left_out` counts the rest.
    """
    params = inputs.params
    causes = {
        (note.variant, str(note.eval_id)): note.cause for note in inputs.notes if note.variant in variants
    }
    fails = {query.qid: sum((name, query.qid) in causes for name in variants) for query in inputs.queries}
    first = sorted(inputs.queries, key=lambda query: (-fails[query.qid], query.sort_key()))
    chosen = sorted(first[: params.report.explorer_queries], key=lambda query: query.sort_key())
    rows = {name: {str(row.eval_id): row for row in inputs.lineage[name]} for name in variants}
    read = {row.qid: row for row in inputs.understood}
    relevant = relevant_documents(inputs.qrels)
    documents = _Documents(inputs)
    queries = []
    for query in chosen:
        wanted = relevant.get(query.qid, frozenset())
        grades = inputs.qrels.get(query.qid, {})
        queries.append(
            {
                "id": query.qid,
                "turns": [[turn.role, turn.content] for turn in query.messages],
                "standalone": read[query.qid].standalone_query,
                "needs": read[query.qid].needs_retrieval,
                "relevant": [[documents.place(docid), grades[docid]] for docid in sorted(wanted)],
                "results": {
                    name: {
                        "ap": inputs.per_query.precision[name].get(query.qid),
                        "rank": inputs.per_query.rank[name].get(query.qid),
                        "cause": causes.get((name, query.qid)),
                        "submitted": len(inputs.topk[name][query.qid]),
                        "list": _ranking(rows[name][query.qid], wanted, documents),
                    }
                    for name in variants
                },
            }
        )
    return {
        "variants": list(variants),
        "labelled": bool(inputs.qrels),
        "headline": params.headline,
        "baseline": params.score.baseline,
        "cutoff": params.score.cutoff,
        "causes": [[cause, CAUSE_LABELS[cause]] for cause in CAUSES],
        "steps": STEP_LABELS,
        "docs": documents.rows,
        "queries": queries,
        "left_out": len(inputs.queries) - len(chosen),
        "desk": DESK,
    }


def explored_variants(rows: Sequence[dict[str, Any]], headline: str, baseline: str, limit: int) -> list[str]:
    """Headline, baseline and then the best others, at most `limit` and never without the first two."""
    first = list(dict.fromkeys([headline, baseline]))
    others = [row["name"] for row in rows if row["name"] not in first]
    return first + others[: max(0, limit - len(first))]


class _Documents:
    """Passages in the order of their first mention, each once; of a file, its place stands for the title."""

    def __init__(self, inputs: PageInputs) -> None:
        self._texts: dict[str, list[str]] = {}
        for document in inputs.documents:
            title = document.source.label if document.source else document.title or ""
            row = self._texts.setdefault(document.document_id, [title, ""])
            row[1] = f"{row[1]}\n{document.content}" if row[1] else document.content
        self._places: dict[str, int] = {}
        self.rows: list[list[str]] = []

    def place(self, docid: str) -> int:
        if docid not in self._places:
            self._places[docid] = len(self.rows)
            self.rows.append([docid, *self._texts.get(docid, ["", ""])])
        return self._places[docid]


def _ranking(row: LineageRow, wanted: Collection[str], documents: _Documents) -> list[list[Any]]:
    """Document, final rank, and the ranks at the steps before, for the candidates that are shown."""
    return [
        [documents.place(str(candidate["docid"])), candidate["rank"], _steps(candidate)]
        for candidate in row.candidates
        if int(candidate["rank"] or 0) <= SHOWN or str(candidate["docid"]) in wanted
    ]


def _steps(candidate: Mapping[str, float | int | str | None]) -> dict[str, Any]:
    return {key.removesuffix("_rank"): rank for key, rank in candidate.items() if key.endswith("_rank")}
