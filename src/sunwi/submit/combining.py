"""Variants made of other variants: swaps, unions and arbiters, whatever they read in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sunwi.errors import DataError
from sunwi.llm.task import Completer
from sunwi.params.combinations import CombinationParams, UnionPool
from sunwi.records.ranking import Ranking, from_row
from sunwi.records.submissions import UnderstoodQuery
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.submit.arbiter import FirstPlaceJudge, arbitrate
from sunwi.submit.finishing import Submission, finish
from sunwi.submit.swap import conservative_swap
from sunwi.submit.union import union_rerank

Rankings = Mapping[str, Ranking]


@dataclass(frozen=True, slots=True)
class OrderedBy:
    """What combinations order by.

    Attributes
    ----------
    rerankers
        By the encoder's name, called where a union re-ranks or an arbiter scores.
    blend_of, votes_of
        A union's blend weights and the weights of its variants' votes, fitted on dev; a vote counts 1 where
        no weight is named.
    client
        Of tie-breaks.
    judge
        Of arbiters that ask a language model.
    """

    rerankers: Callable[[Literal["base", "promoted"]], Rerankers]
    blend_of: Callable[[UnionPool], Mapping[str, float]]
    votes_of: Callable[[UnionPool], Mapping[str, float]] = lambda _: {}
    client: Completer | None = None
    judge: FirstPlaceJudge | None = None


def combine(
    name: str,
    combinations: Mapping[str, CombinationParams],
    read: Callable[[str], Rankings],
    understood: Sequence[UnderstoodQuery],
    texts: Mapping[str, str],
    by: OrderedBy,
) -> Submission:
    """One combination; combinations that it reads are made first, in memory.

    Parameters
    ----------
    combinations
        All of them, free of circles (params.yaml is checked for that).
    read
        Rankings of a submission by its name.
    texts
        Passage id to text.

    Raises
    ------
    DataError
        If a variant that is read ranks other queries, or passages that the corpus does not have.
    """
    settings = combinations[name]

    def rankings_of(variant: str) -> Rankings:
        if variant not in combinations:
            return _checked(variant, read(variant), understood, texts)
        made = combine(variant, combinations, read, understood, texts, by)
        return {str(row.eval_id): from_row(row) for row in made.rankings}

    qids = [query.qid for query in understood]
    counts: dict[str, Any]
    if settings.swap:
        swapped = conservative_swap(
            rankings_of(settings.swap.from_), rankings_of(settings.swap.to), settings.swap
        )
        rankings, counts = swapped.rankings, {"swap": swapped.metrics}
    elif settings.arbiter:
        arbiter = settings.arbiter
        decided = arbitrate(
            rankings_of(arbiter.from_),
            rankings_of(arbiter.to),
            {query.qid: query.standalone_query for query in understood},
            texts,
            by.judge if arbiter.llm else None,
            (arbiter.scorer, lambda pairs: by.rerankers(arbiter.encoder).score(arbiter.scorer, pairs)),
        )
        rankings, counts = decided.rankings, {"arbiter": decided.metrics}
    else:
        union = settings.union
        assert union is not None  # params.yaml has one of the three
        weights, votes = by.blend_of(union), by.votes_of(union)
        used = {scorer: float(weight) for scorer, weight in sorted(weights.items()) if weight > 0}
        rankings = union_rerank(
            qids,
            [query.standalone_query for query in understood],
            {member: rankings_of(member) for member in union.of},
            union,
            texts,
            by.rerankers(union.encoder) if used else None,
            weights,
            votes,
        )
        counts = {"union": {"rerank_weights": used, **({"vote_weights": dict(votes)} if votes else {})}}
    submission = finish(settings, understood, [rankings[qid] for qid in qids], texts, by.client)
    submission.metrics.update({"reads": settings.reads, **counts})
    return submission


def _checked(
    variant: str, rankings: Rankings, understood: Sequence[UnderstoodQuery], texts: Mapping[str, str]
) -> Rankings:
    differing = sorted({query.qid for query in understood} ^ rankings.keys())
    unknown = sorted(
        {place.docid for ranking in rankings.values() for place in ranking.places} - texts.keys()
    )
    if differing or unknown:
        faults = [f"{len(differing)} queries differ: {', '.join(differing[:20])}"] if differing else []
        faults += [f"{len(unknown)} passages are not there: {', '.join(unknown[:20])}"] if unknown else []
        what = f"the rankings of {variant!r} are not of these queries and passages ({'; '.join(faults)})"
        raise DataError(what, "build it again: dvc repro")
    return rankings
