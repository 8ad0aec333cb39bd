"""What a measure is: how one query's value is found, and where it is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sunwi.errors import DataError

Place = Literal["summary", "tables", "ladder"]
COMPETITION = "map"  # the key of the measure that everything is judged by


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure; exactly one of `ir_measures`, `of_ranking` and `of_topk` says how it is found.

    Attributes
    ----------
    key, label
        Its name in the metrics' files, and in tables.
    order
        Its place among the measures.
    ir_measures
        Its name there ("nDCG@10"): found by that package from the deep ranking.
    of_ranking
        The query's grades and its ranked documents, best first, to the value, 0 to 1.
    of_topk
        The query's relevant documents, the submitted ones and `score.cutoff` to the value, 0 to 1. Every
        query has one; the other kinds are defined for queries with a relevant document.
    of_first_rank
        The rank of the first relevant document, or None, to the value: metrics/per_query.csv, which keeps
        that rank, is enough for such a measure, and `guard.tolerances` may name it.
    shown
        "summary": its mean is in scores.json. "tables": the READMEs' table and `sunwi scores`, the
        report's headline, the model cards. "ladder": the report's table of variants. Both read the
        summary. Nowhere: scores_detail.json alone has it.
    compared
        Whether every variant's gain over the baseline is tested; few are, each further test costs power.
    decimals
        In tables.
    """

    key: str
    label: str
    order: int
    ir_measures: str | None = None
    of_ranking: Callable[[Mapping[str, int], Sequence[str]], float] | None = None
    of_topk: Callable[[Collection[str], Sequence[str], int], float] | None = None
    of_first_rank: Callable[[int | None], float] | None = None
    shown: tuple[Place, ...] = ()
    compared: bool = False
    decimals: int = 3

    def __post_init__(self) -> None:
        ways = [way is not None for way in (self.ir_measures, self.of_ranking, self.of_topk)]
        if sum(ways) != 1:
            what = f"the measure {self.key!r} has {sum(ways)} of ir_measures, of_ranking and of_topk"
            raise DataError(what, "give exactly one of them")
        if self.shown and "summary" not in self.shown:
            what = f"the measure {self.key!r} is shown in {', '.join(self.shown)} and not in the summary"
            raise DataError(what, 'add "summary": the tables read it')


@dataclass(frozen=True, slots=True)
class Family:
    """The measures of one file, which differ in their depth alone."""

    measures: tuple[Measure, ...]

    @classmethod
    def of(cls, *measures: Measure) -> Family:
        """These measures."""
        return cls(measures)
