"""The summary of scores as a Markdown table, best MAP first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sunwi.score.measure import Measure
from sunwi.score.measuring import shown_in

BEFORE, BEHIND = ("variant", "MAP [95%]"), ("empty", "p vs baseline")  # the measures stand between


def markdown_table(summary: Mapping[str, Mapping[str, float]]) -> str:
    """One row a variant; without labels only the counts.

    Examples
    --------
    >>> print(markdown_table({"bm25": {"queries": 2, "labelled_queries": 0, "empty_topk": 1}}))
    | variant | queries | empty topk |
    |---|---|---|
    | bm25 | 2 | 1 |
    """
    if not all("map" in row for row in summary.values()):
        head: tuple[str, ...] = ("variant", "queries", "empty topk")
        rows = [(name, str(row["queries"]), str(row["empty_topk"])) for name, row in sorted(summary.items())]
        return _table(head, rows)
    ordered = sorted(summary.items(), key=lambda item: (-item[1]["map"], item[0]))
    measures = shown_in("tables")
    labels = (measure.label for measure in measures)
    return _table((*BEFORE, *labels, *BEHIND), [_row(name, row, measures) for name, row in ordered])


def _row(name: str, row: Mapping[str, float], shown: Sequence[Measure]) -> tuple[str, ...]:
    interval = f"{row['map']:.3f} [{row['map_low']:.3f}, {row['map_high']:.3f}]"
    # a measure that is newer than the file is not in it yet
    measures = (
        f"{row[measure.key]:.{measure.decimals}f}" if measure.key in row else "-" for measure in shown
    )
    p = f"{row['p_map']:.4f}" if "p_map" in row else "baseline"
    return (name, interval, *measures, str(row["empty_topk"]), p)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    text = ["| " + " | ".join(line) + " |" for line in lines]
    text[1] = "|" + "|".join(lines[1]) + "|"
    return "\n".join(text)
