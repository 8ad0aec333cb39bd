"""The guard between revisions: what falls, what only wavers, what is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.errors import InputProblems
from sunwi.params.score import ScoreParams
from sunwi.score.guard import compare_revisions, markdown_verdicts
from sunwi.score.per_query import PerQuery, read_per_query

PARAMS = ScoreParams(baseline="base", bootstrap=300, permutations=2000)


def per_query(values: list[float], ranks: list[int | None] | None = None, variant: str = "tuned") -> PerQuery:
    ids = [str(number) for number in range(len(values))]
    found = ranks or [1 if value else None for value in values]
    return PerQuery(
        dict.fromkeys(ids, 1),
        {variant: dict(zip(ids, values, strict=True))},
        {variant: dict(zip(ids, found, strict=True))},
    )


def compare(before: PerQuery, after: PerQuery, **tolerances: float):
    return compare_revisions(before, after, ["tuned"], tolerances or {"map": 0.01}, 0.05, PARAMS, seed=1)


def test_a_real_fall_fails() -> None:
    [one] = compare(per_query([1.0] * 40), per_query([1.0] * 20 + [0.0] * 20))
    assert (one.status, one.fails) == ("fallen", True)
    assert (one.before, one.after) == (1.0, 0.5)
    assert one.low is not None
    assert one.high is not None
    assert one.low < -0.5 < one.high < 0
    assert one.p == pytest.approx(1 / 2001)  # no draw of 2,000 gives all twenty the same sign


def test_a_fall_that_chance_explains_does_not_fail() -> None:
    # Three of forty lose, one gains: the exact test over four signs gives 10/16.
    [one] = compare(per_query([1.0] * 39 + [0.0]), per_query([0.0] * 3 + [1.0] * 37))
    assert (one.status, one.fails, one.p) == ("noise", False, 10 / 16)


def test_a_fall_within_the_tolerance_is_kept_however_sure() -> None:
    before, after = per_query([0.505] * 50), per_query([0.5] * 50)
    assert compare(before, after)[0].status == "kept"
    assert compare(before, after, map=0.005)[0].status == "kept"  # just the tolerance
    assert compare(before, after, map=0.004)[0].status == "fallen"


def test_what_is_new_passes_and_what_is_missing_fails() -> None:
    named, other = per_query([1.0] * 5), per_query([1.0] * 5, variant="other")
    assert [(one.status, one.fails) for one in compare(other, named)] == [("new", False)]
    assert [(one.status, one.fails) for one in compare(named, other)] == [("missing", True)]
    unlabelled = PerQuery({"0": None}, {"tuned": {}}, {"tuned": {"0": None}})
    assert compare(named, unlabelled)[0].status == "missing"


def test_only_common_queries_are_compared() -> None:
    [one] = compare(per_query([1.0] * 4), per_query([1.0] * 4 + [0.0] * 6))
    assert (one.status, one.queries, one.after) == ("kept", 4, 1.0)


def test_measures_of_ranks() -> None:
    table = per_query([1.0, 0.5, 0.0, 0.0], [1, 2, 11, None])
    assert table.values("tuned", "mrr") == {"0": 1.0, "1": 0.5, "2": 0.0, "3": 0.0}
    assert table.values("tuned", "hit1") == {"0": 1.0, "1": 0.0, "2": 0.0, "3": 0.0}
    assert table.values("tuned", "hit3") == {"0": 1.0, "1": 1.0, "2": 0.0, "3": 0.0}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_rise_never_fails_and_equal_scorings_differ_by_nothing(values: list[float]) -> None:
    low, high = per_query([value / 2 for value in values]), per_query(values)
    assert not compare(low, high)[0].fails
    [same] = compare(high, high)
    assert (same.status, same.p, same.low, same.high) == ("kept", 1.0, 0.0, 0.0)


def test_markdown() -> None:
    before, after = per_query([1.0] * 40), per_query([1.0] * 20 + [0.0] * 20)
    lines = markdown_verdicts(compare(before, after)).splitlines()
    assert lines[1] == "|---|---|---|---|---|---|---|---|"
    assert lines[2].startswith("| tuned | map | 1.0000 | 0.5000 | -0.5000 [")
    assert lines[2].endswith("| 40 | fallen |")
    assert all(line.count("|") == 9 for line in lines)


HEAD = "query_id,relevant_documents,a.average_precision,a.first_relevant_rank\n"


def test_undefined_fields_are_read_as_none() -> None:
    found = read_per_query(HEAD + '"2, quoted",1,0.5,2\ntalk,0,1.0,\nunknown,,,\n', "x.csv")
    assert found.relevant == {"2, quoted": 1, "talk": 0, "unknown": None}
    assert found.precision == {"a": {"2, quoted": 0.5, "talk": 1.0}}
    assert found.rank["a"] == {"2, quoted": 2, "talk": None, "unknown": None}
    assert found.values("a", "mrr") == {"2, quoted": 0.5}  # small talk has no relevant document


def test_faulty_rows_are_all_named() -> None:
    with pytest.raises(InputProblems) as caught:
        read_per_query(HEAD + "1,1,good,2\n2,1,0.5,2\n3,one,0.5,2\n4,1\n", "rev:x.csv")
    assert [(str(one.path), one.line) for one in caught.value.problems] == [
        ("rev:x.csv", line) for line in (2, 4, 5)
    ]
    with pytest.raises(InputProblems, match="expected the columns"):
        read_per_query("a,b\n", "x.csv")
