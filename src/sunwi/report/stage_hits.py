"""Hit@1 after each step of a variant: every retriever alone, the fusion, the final order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sunwi.records.submissions import LineageRow

COLUMNS = ("variant", "stage", "hit1", "queries")
FUSION, FINAL = "fusion", "final"


def stage_hits(
    variant: str, lineage: Iterable[LineageRow], relevant: Mapping[str, Collection[str]]
) -> list[dict[str, str | float]]:
    """Share of the labelled queries whose first document after a step is relevant.

    The lineage has every candidate that is among the first at any step, so the first of each step is there.

    Returns
    -------
    list of dict
        Rows of `COLUMNS`, retrievers by name, then fusion, then final; empty without labels.
    """
    hits: dict[str, int] = {}
    queries = 0
    for row in lineage:
        wanted = relevant.get(str(row.eval_id))
        if not wanted:
            continue
        queries += 1
        for candidate in row.candidates:
            for key, rank in candidate.items():
                step = {"rank": FINAL, "fused_rank": FUSION}.get(key, key.removesuffix("_rank"))
                if (
                    key.endswith("rank") and rank is not None and step != "llm"
                ):  # the LLM's is the final order
                    hits[step] = hits.get(step, 0) + (rank == 1 and candidate["docid"] in wanted)
    order = sorted(hits, key=lambda step: (step == FINAL, step == FUSION, step))
    return [
        {"variant": variant, "stage": step, "hit1": round(hits[step] / queries, 4), "queries": queries}
        for step in order
    ]
