"""Pools: the first k documents of several variants for each query, blind and in shuffled order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated

import numpy as np
from pydantic import Field

from sunwi.judging.records import SplitName
from sunwi.records.row import Identifier, Row
from sunwi.runtime import text_hash

Ranked = Mapping[str, Sequence[str]]  # variant to its documents for one query, best first


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How a pool is drawn.

    Attributes
    ----------
    depth
        First documents of each variant.
    budget
        Queries at most; None: all.
    random_share
        Share of the queries that is a plain random sample.
    doubled_share
        Share of the queries that a second judge judges, too.
    """

    depth: int = 10
    budget: int | None = None
    random_share: float = 0.0
    doubled_share: float = 0.0
    seed: int = 42


class PooledDocument(Row):
    """A document of a pool, and the passage of it that is shown."""

    docid: Identifier
    passage: Identifier


class PooledQuery(Row):
    """`data/judgements/pool.jsonl`: one query with its documents; which variant brought which is not kept.

    Attributes
    ----------
    place
        In the order of judging, from 0.
    random
        Drawn at random: unbiased measures are computed on these queries alone.
    doubled
        A second judge is asked for, too.
    """

    place: Annotated[int, Field(ge=0)]
    split: SplitName
    qid: Identifier
    query: Identifier
    random: bool
    doubled: bool
    documents: list[PooledDocument]

    def sort_key(self) -> tuple[int]:
        return (self.place,)


def disagreement(ranked: Ranked, depth: int) -> float:
    """Mean over pairs of variants of 1 - average overlap (Webber et al. 2010's AO) at `depth`; 0 to 1.

    Examples
    --------
    >>> disagreement({"a": ["x", "y"], "b": ["x", "y"]}, 2), disagreement({"a": ["x"], "b": ["y"]}, 1)
    (0.0, 1.0)
    """
    distances = []
    for first, second in combinations(sorted(ranked), 2):
        one, two = ranked[first], ranked[second]
        overlaps = [len(set(one[:k]) & set(two[:k])) / k for k in range(1, depth + 1)]
        distances.append(1 - float(np.mean(overlaps)))
    return float(np.mean(distances)) if distances else 0.0


def choose_queries(
    ranked: Mapping[str, Ranked], settings: PoolSettings, chitchat: Collection[str] = ()
) -> list[tuple[str, bool]]:
    """Which queries to judge, in order, and whether each was drawn at random.

    Of the budget `random_share` (rounded up) is a plain random sample; the rest are those with most
    disagreement among the others. The two kinds alternate by their shares, so that a judge who stops early
    leaves both. Variants disagree at random on `chitchat`: outside of the sample these queries come last.
    """
    ids = sorted(ranked)
    budget = len(ids) if settings.budget is None else min(settings.budget, len(ids))
    size = min(budget, int(np.ceil(budget * settings.random_share)))
    drawn = [ids[at] for at in np.random.default_rng(settings.seed).permutation(len(ids))[:size]]
    others = [qid for qid in ids if qid not in set(drawn)]
    distance = {qid: disagreement(ranked[qid], settings.depth) for qid in others}
    active = sorted(others, key=lambda qid: (qid in chitchat, -distance[qid], qid))[: budget - size]
    placed = [((at + 1) / (len(drawn) or 1), 0, qid, True) for at, qid in enumerate(drawn)]
    placed += [((at + 1) / (len(active) or 1), 1, qid, False) for at, qid in enumerate(active)]
    return [(qid, random) for _, _, qid, random in sorted(placed)]


def make_pool(
    ranked: Mapping[str, Ranked],
    passages: Mapping[str, Mapping[str, str]],
    texts: Mapping[str, str],
    split: SplitName,
    settings: PoolSettings,
    chitchat: Collection[str] = (),
) -> list[PooledQuery]:
    """The first `depth` documents of every variant for each chosen query, shuffled by the seed and the query.

    Parameters
    ----------
    ranked
        Query id to variant to documents.
    passages
        Query id to document to the passage that is shown.
    texts
        Query id to text.
    """
    chosen, depth = choose_queries(ranked, settings, chitchat), settings.depth
    order = np.random.default_rng([settings.seed, 1]).permutation(len(chosen))
    doubles = set(order[: int(np.ceil(len(chosen) * settings.doubled_share))].tolist())
    rows = []
    for place, (qid, random) in enumerate(chosen):
        documents = {document for of_variant in ranked[qid].values() for document in of_variant[:depth]}
        shuffled = sorted(documents, key=lambda docid: text_hash(str(settings.seed), qid, docid))
        pooled = [PooledDocument(docid=docid, passage=passages[qid][docid]) for docid in shuffled]
        rows.append(
            PooledQuery(
                place=place, split=split, qid=qid, query=texts[qid], random=random,
                doubled=place in doubles, documents=pooled,
            )
        )  # fmt: skip
    return rows
