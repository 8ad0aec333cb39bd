"""Retrievers that are asked together: what one of them finds, each of the others scores too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sunwi.search.fusion.method import Fusion
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import RankedQuery, SearchPipeline
from sunwi.search.retrievers.base import Retriever, Scores
from sunwi.search.servers.retrievers import EngineRetriever
from sunwi.search.top import top


class ServerPipeline(SearchPipeline):
    """A pipeline of which some retrievers ask a server for their best passages alone."""

    @property
    def fusible(self) -> bool:
        """Whether scores of its retrievers can be normalised over the corpus."""
        return all(each.fusible for each in self.retrievers.values() if isinstance(each, EngineRetriever))

    def blocks(self, queries: QueryBatch, names: Sequence[str]) -> Iterator[tuple[slice, dict[str, Scores]]]:
        """Component scores block by block: (rows, name -> [block, passages])."""
        for rows in self.parts(queries):
            yield rows, scored_together([self.retrievers[name] for name in names], queries.part(rows))

    def rank(
        self, queries: QueryBatch, names: Sequence[str], fusion: Fusion, depth: int
    ) -> Iterator[RankedQuery]:
        """The best `depth` documents of each query, as `SearchPipeline` ranks them."""
        group = _Group([self.retrievers[name] for name in names])
        return SearchPipeline(self.passages, group.members, self.engine).rank(queries, names, fusion, depth)


def scored_together(retrievers: Sequence[Retriever], queries: QueryBatch) -> dict[str, Scores]:
    """Scores of each retriever, shape [queries, passages].

    A passage that one retriever has among its best, and that lies below the depth of another one on the
    server, is scored there by its id.
    """
    servers = [each for each in retrievers if isinstance(each, EngineRetriever)]
    best = {each.name: each.best(queries) for each in servers}
    scores = {each.name: each.scores(queries) for each in retrievers if each.name not in best}
    others: dict[str, list[npt.NDArray[np.int64]]] = {each.name: [] for each in servers}
    for row in range(len(queries)):
        positions = [found[row].positions for found in best.values()]
        if any(found[row].cut for found in best.values()):
            depth = max(each.depth for each in servers)
            positions += [top(of_all[row], depth)[0] for of_all in scores.values()]
        union = np.unique(np.concatenate(positions)) if positions else np.zeros(0, dtype=np.int64)
        for name, found in best.items():
            missing = np.setdiff1d(union, found[row].positions)
            others[name].append(missing if found[row].cut else missing[:0])
    for each in servers:
        by_id = each.of_passages(queries, others[each.name])
        scores[each.name] = each.assembled(queries, best[each.name], by_id)
    return scores


class _Group:
    """Members give their part of one joint answer."""

    def __init__(self, retrievers: Sequence[Retriever]) -> None:
        self._retrievers = retrievers
        self._queries: QueryBatch | None = None
        self._scores: dict[str, Scores] = {}
        self.members: list[Retriever] = [_Member(each.name, self) for each in retrievers]

    def scores(self, name: str, queries: QueryBatch) -> Scores:
        if queries is not self._queries:
            self._scores = scored_together(self._retrievers, queries)
            self._queries = queries
        return self._scores[name]


class _Member:
    def __init__(self, name: str, group: _Group) -> None:
        self.name = name
        self._group = group

    def scores(self, queries: QueryBatch) -> Scores:
        return self._group.scores(self.name, queries)
