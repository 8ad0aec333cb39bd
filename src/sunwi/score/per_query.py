"""metrics/per_query.csv as it is read back: what each query scored in every variant."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sunwi.errors import InputProblems, Problem
from sunwi.records.tables import Cell, unguarded
from sunwi.score.measure import COMPETITION
from sunwi.score.measuring import of_first_ranks

PRECISION, RANK = "average_precision", "first_relevant_rank"


@dataclass(frozen=True, slots=True)
class PerQuery:
    """Values of each query.

    Attributes
    ----------
    relevant
        Query id to its number of relevant documents; None if the queries are not labelled.
    precision
        Variant to query id to average precision (the competition's); empty if not labelled.
    rank
        Variant to query id to the rank of the first relevant document; None where none was ranked.
    """

    relevant: dict[str, int | None]
    precision: dict[str, dict[str, float]]
    rank: dict[str, dict[str, int | None]]

    def values(self, variant: str, measure: str) -> dict[str, float]:
        """Query id to the value of a measure: the competition's, or one with `Measure.of_first_rank`.

        All but the competition's are of the queries with a relevant document.

        Examples
        --------
        >>> text = "query_id,relevant_documents,a.average_precision,a.first_relevant_rank\\n7,1,0.5,2\\n"
        >>> read_per_query(text, "per_query.csv").values("a", "mrr")
        {'7': 0.5}
        """
        if measure == COMPETITION:
            return dict(self.precision[variant])
        value_at = of_first_ranks()[measure]
        return {qid: value_at(rank) for qid, rank in self.rank[variant].items() if self.relevant[qid]}


def per_query_of(rows: Sequence[Mapping[str, Cell]]) -> PerQuery:
    """The same of the rows that `score_runs` gives, before they are written."""
    out = io.StringIO()
    head = [*rows[0]] if rows else ["query_id"]
    writer = csv.DictWriter(out, head)
    writer.writeheader()
    writer.writerows(rows)
    return read_per_query(out.getvalue(), "the table of queries")


def read_per_query(text: str, name: str) -> PerQuery:
    """Read the CSV that `write_scores` wrote.

    Parameters
    ----------
    text
        The file's content: it may come from a revision of git.
    name
        How errors call the file.

    Raises
    ------
    InputProblems
        With the line of each row that is not of this form.
    """
    rows = csv.DictReader(io.StringIO(text))
    head = rows.fieldnames or []
    names = [column.removesuffix(f".{PRECISION}") for column in head if column.endswith(f".{PRECISION}")]
    if "query_id" not in head or any(f"{variant}.{RANK}" not in head for variant in names):
        fault = f"expected the columns query_id, NAME.{PRECISION}, NAME.{RANK}; found {', '.join(head)}"
        raise InputProblems([Problem(name, 1, fault)], "write it again: dvc repro score")
    table = PerQuery({}, {variant: {} for variant in names}, {variant: {} for variant in names})
    problems: list[Problem] = []
    for row in rows:
        if None in row or None in row.values():  # the reader's mark of too many or too few fields
            problems.append(Problem(name, rows.line_num, f"expected {len(head)} fields, as in the head"))
            continue
        qid = unguarded(row["query_id"])
        try:
            relevant = int(row["relevant_documents"]) if row["relevant_documents"] else None
            for variant in names:
                if precision := row[f"{variant}.{PRECISION}"]:
                    table.precision[variant][qid] = float(precision)
                table.rank[variant][qid] = int(row[f"{variant}.{RANK}"]) if row[f"{variant}.{RANK}"] else None
        except (ValueError, TypeError) as error:
            problems.append(Problem(name, rows.line_num, f"query {qid!r}: {error}"))
            continue
        table.relevant[qid] = relevant
    if problems:
        raise InputProblems(problems, "write it again: dvc repro score")
    return table
