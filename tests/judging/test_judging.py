"""Lines, merging, agreement, choice and incomplete scores by numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from sunwi.errors import DataError, InputProblems
from sunwi.judging.agreement import agreement, kappa
from sunwi.judging.incomplete import incomplete_scores
from sunwi.judging.merging import merge
from sunwi.judging.pools import PoolSettings, choose_queries, make_pool
from sunwi.judging.records import JudgementLine, append_line, people, read_lines, standing


def line(judge: str, qid: str, docid: str, grade: int | None, **more: object) -> JudgementLine:
    values = {
        "split": "dev",
        "kind": "grade" if grade is not None else "cannot_tell",
        "at": "2026-01-01T00:00:00",
    }
    return JudgementLine.model_validate(
        {**values, "judge": judge, "qid": qid, "docid": docid, "grade": grade, "query": f"질의 {qid}", **more}
    )


def test_a_later_line_replaces_and_undo_gives_the_earlier_one_back(tmp_path: Path) -> None:
    for one in (line("가", "1", "d", 3), line("가", "1", "d", 1), line("나", "1", "d", 0)):
        append_line(tmp_path, one)
    pair = ("dev", "1", "d")
    assert standing(read_lines(tmp_path))["가"][pair].grade == 1
    append_line(tmp_path, line("가", "1", "d", None, kind="undo"))
    held = standing(read_lines(tmp_path))
    assert (held["가"][pair].grade, held["나"][pair].grade) == (3, 0)


def test_a_torn_line_is_left_out_and_cut_off_by_the_next(tmp_path: Path) -> None:
    append_line(tmp_path, line("a", "1", "d", 3))
    whole = (tmp_path / "a.jsonl").read_bytes()
    (tmp_path / "a.jsonl").write_bytes(whole + '{"judge": "a", "qid": "가'.encode()[:-1])
    assert [one.grade for one in read_lines(tmp_path)] == [3]
    append_line(tmp_path, line("a", "2", "d", 2))
    assert [(one.qid, one.grade) for one in read_lines(tmp_path)] == [("1", 3), ("2", 2)]


def test_faulty_lines_are_named(tmp_path: Path) -> None:
    append_line(tmp_path, line("a", "1", "d", 3))
    (tmp_path / "b.jsonl").write_bytes((tmp_path / "a.jsonl").read_bytes() + b'{"judge": "b"}\n')
    with pytest.raises(InputProblems, match=r"b\.jsonl:1.*expected 'b'"):
        read_lines(tmp_path)


def test_three_ways_to_one_grade() -> None:
    held = standing(
        [line("a", "1", "x", 3), line("b", "1", "x", 1), line("c", "1", "x", 3),
         line("a", "1", "y", 2), line("b", "1", "y", 0), line("c", "1", "y", None)]
    )  # fmt: skip
    assert merge(held).qrels["dev"]["1"] == {"x": 3, "y": 0}
    assert merge(held, "strictest").qrels["dev"]["1"] == {"x": 1, "y": 0}
    adjudicated = merge(held, "adjudicated", "c")
    assert adjudicated.qrels["dev"]["1"] == {"x": 3}
    assert sum(adjudicated.counted.values()) == 1
    with pytest.raises(DataError, match="name one of: a, b, c"):
        merge(held, "adjudicated", "nobody")


def test_chitchat_empties_a_query_and_unclear_leaves_it_out() -> None:
    held = standing(
        [line("a", "1", "x", 2), line("a", "1", "", None, kind="chitchat"),
         line("a", "2", "x", 2), line("a", "2", "", None, kind="unclear"),
         line("a", "3", "x", 2), line("b", "3", "x", 2), line("c", "3", "", None, kind="chitchat")]
    )  # fmt: skip
    merged = merge(held)
    assert merged.qrels["dev"] == {"1": {}, "3": {"x": 2}}
    assert merged.unclear == {("dev", "2")}


def test_machines_are_not_people() -> None:
    held = standing([line("a", "1", "x", 2), line("llm", "1", "x", 0, machine=True)])
    assert set(people(held)) == {"a"}


def test_agreement_by_hand() -> None:
    # two judges, grades 0/3 alone: a = 3 3 0 0, b = 3 0 0 0; observed 3/4, by chance 1/4*1/2+3/4*1/2 = 1/2
    grades = {"a": [3, 3, 0, 0], "b": [3, 0, 0, 0]}
    held = standing(
        [
            line(judge, str(at), "x", grade)
            for judge, given in grades.items()
            for at, grade in enumerate(given)
        ]
    )
    found = agreement(held, seed=1, samples=200)
    (cohen,) = found["cohen"]
    assert (cohen.judges, cohen.pairs) == (("a", "b"), 4)
    assert cohen.value == pytest.approx(0.5)
    assert cohen.low <= 0.5 <= cohen.high
    # nominal here: coincidences 2 of 8 off the diagonal, expected 2*3*5/7: alpha = 1 - 2 / (30 / 7)
    assert found["krippendorff"].value == pytest.approx(1 - 2 / (30 / 7))
    alone = agreement({"a": held["a"]}, seed=1)
    assert alone["krippendorff"].value is None


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_kappa_is_that_of_scikit_learn(grades: list[tuple[int, int]]) -> None:
    pairs = [("dev", str(at), "x") for at in range(len(grades))]
    first, second = (dict(zip(pairs, one, strict=True)) for one in zip(*grades, strict=True))
    found = kappa(first, second, ("a", "b"), seed=1, samples=20)
    if len({grade for both in grades for grade in both}) == 1:
        assert found.value is None
        return
    theirs = cohen_kappa_score(*zip(*grades, strict=True), labels=[0, 1, 2, 3], weights="quadratic")
    assert found.value == pytest.approx(theirs, abs=1e-12)


def test_active_choice_takes_disagreement_first_and_a_random_share() -> None:
    ranked = {
        f"q{at}": {"one": ["a", "b"], "two": ["a", "b"] if at else ["c", "d"]} for at in range(6)
    }  # only q0 is disputed
    chosen = choose_queries(ranked, PoolSettings(2, 3, seed=1))
    assert chosen == [("q0", False), ("q1", False), ("q2", False)]
    last = choose_queries(ranked, PoolSettings(2, 6, seed=1), chitchat={"q0"})
    assert last[-1] == ("q0", False)
    mixed = choose_queries(ranked, PoolSettings(2, 4, 0.5, seed=1))
    assert [random for _, random in mixed].count(True) == 2
    assert len({qid for qid, _ in mixed}) == 4
    passages = {qid: {docid: docid for docid in "abcd"} for qid in ranked}
    texts = {qid: qid for qid in ranked}
    settings = PoolSettings(depth=2, budget=6, random_share=0.5, doubled_share=0.5, seed=3)
    pool = make_pool(ranked, passages, texts, "dev", settings)
    assert {row.docid for row in next(one for one in pool if one.qid == "q0").documents} == {
        "a",
        "b",
        "c",
        "d",
    }
    assert sum(row.doubled for row in pool) == 3
    assert pool == make_pool(ranked, passages, texts, "dev", settings)


def test_a_variant_with_unjudged_passages_is_not_called_worse() -> None:
    qrels = {"1": {"x": 2, "y": 0}}
    order = {"known": ["x", "y"], "lower": ["y", "x"], "strange": ["new", "x", "y"]}
    runs = {name: {"1": {docid: -float(at) for at, docid in enumerate(docs)}} for name, docs in order.items()}
    rows = incomplete_scores(qrels, runs, ["1"])
    assert {name: row["map"] for name, row in rows.items()} == {"known": 1.0, "lower": 0.5, "strange": 0.5}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "known": "best", "lower": "lower", "strange": "unjudged: cannot tell"
    }  # fmt: skip
    assert (rows["strange"]["bpref"], rows["lower"]["bpref"]) == (1.0, 0.0)
    assert rows["strange"]["unjudged10"] == pytest.approx(1 / 3, abs=1e-4)
    assert incomplete_scores(qrels, runs, []) == {}
