"""Rank-weighted votes over whole variants, and the weights of the variants."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sunwi.errors import ParamsError
from sunwi.params.combinations import UnionPool
from sunwi.params.reading import validate
from sunwi.params.whole import Params
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.submit.rank_fusion import rank_votes
from sunwi.submit.union import union_rerank
from sunwi.submit.votes import fit_vote_weights

LISTS = {"one": ["a", "b", "c", "d"], "two": ["b", "e", "a", "f"], "three": ["e", "a", "b", "g"]}
VOTING = {"of": ["one", "two", "three"], "votes": [5, 3, 1], "rerank": "none"}


def test_votes_by_hand() -> None:
    # a: 5 + 1 + 3; b: 3 + 5 + 1; e: 3 + 5; then RRF's order: a and b tie and stay by id
    found = rank_votes(LISTS, [5, 3, 1], 60)
    assert found[:4] == [("a", 9.0), ("b", 9.0), ("e", 8.0), ("c", 1.0)]
    assert [document_id for document_id, _ in found[4:]] == ["d", "f", "g"]
    weighted = rank_votes(LISTS, [5, 3, 1], 60, {"three": 2.0})
    assert weighted[:3] == [("e", 13.0), ("a", 12.0), ("b", 10.0)]


def test_a_union_votes() -> None:
    members = {
        name: {"q": Ranking([RankedDocument(docid, docid, 1.0, {}) for docid in docids])}
        for name, docids in LISTS.items()
    }
    settings = UnionPool.model_validate(VOTING)
    texts = dict.fromkeys("abcdefg", "?")
    ranked = union_rerank(["q"], ["?"], members, settings, texts, None, {}, {"three": 2.0})["q"]
    assert ranked.document_ids[:3] == ["e", "a", "b"]
    assert [place.score for place in ranked.places[:3]] == [13.0, 12.0, 10.0]


def test_weights_are_fitted_on_dev_and_shrunk() -> None:
    """The first variant is always right, the others agree on what is wrong."""
    qids = [f"q{at}" for at in range(10)]
    members = {
        "one": {qid: ["right", "y", "x"] for qid in qids},
        "two": {qid: ["x", "y", "z"] for qid in qids},
        "three": {qid: ["x", "right", "y"] for qid in qids},
    }
    settings = UnionPool.model_validate(VOTING)
    relevant = {qid: {"right"} for qid in qids}
    weights = fit_vote_weights(members, relevant, settings, cutoff=3, strength=10)
    heads = {name: lists["q0"] for name, lists in members.items()}
    assert rank_votes(heads, [5, 3, 1], 60)[0][0] == "x"
    full = fit_vote_weights(members, relevant, settings, cutoff=3, strength=1)
    assert rank_votes(heads, [5, 3, 1], 60, full)[0][0] == "right"
    # one counts 2: 10 + 3 points for what is right, 2 + 5 + 5 for x
    # as many questions as the strength: half way
    assert weights == {"one": 1.5, "two": 1.0, "three": 1.0}
    assert fit_vote_weights(members, {}, settings, 3, 10) == {"one": 1.0, "two": 1.0, "three": 1.0}


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ValidationError, match="gives no votes"):
        UnionPool.model_validate({"of": ["one", "two"], "vote_weights": "dev"})
    nested = {"union": {**VOTING, "of": ["x", "inner"], "vote_weights": "dev"}}
    given = {
        "submissions": {"dense_base": {}, "x": {}},
        "combinations": {"inner": {"swap": {"from": "x", "to": "dense_base"}}, "outer": nested},
    }
    with pytest.raises(ParamsError, match=r"\['inner'\] have no dev rankings"):
        validate(Params, given, "params.yaml")
