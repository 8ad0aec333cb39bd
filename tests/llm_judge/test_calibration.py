"""Agreement with people decides: below the floor the judge is not used, and test queries never count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.judge_server import JudgeServer, judge_client

from sunwi.judging.agreement import Agreement
from sunwi.judging.machine import filled_by_machines, trust_of
from sunwi.judging.merging import merge
from sunwi.judging.pools import PooledDocument, PooledQuery
from sunwi.judging.records import JudgementLine, append_lines, people, read_lines, standing
from sunwi.llm_judge.calibration import calibrate, people_pairs
from sunwi.params.judge import JudgeParams
from sunwi.runtime import text_hash
from sunwi.workspace.holes import holes_of, lines_for_holes, lines_of_calibration, machine_name

TEXTS = {f"d{at}": [f"글 {at}"] for at in range(4)}
SETTINGS = JudgeParams(provider="llm", min_pairs=20)
QUERIES = 30


def grade_of(query: str, passage: str) -> int:
    return (int(query.split()[1]) + int(passage.split()[1])) % 4


def line(judge: str, split: str, qid: int, docid: str, grade: int, **more: object) -> JudgementLine:
    values = {"judge": judge, "split": split, "qid": str(qid), "docid": docid, "grade": grade}
    shown = {"kind": "grade", "query": f"질의 {qid}", "shown": text_hash(TEXTS[docid][0])}
    values |= {**shown, "at": "2026-01-01T00:00:00"}
    return JudgementLine.model_validate({**values, **more})


def judged_by_people() -> list[JudgementLine]:
    """Two documents of every dev query by 가, one of every test query."""
    rows = [
        line("가", "dev", qid, docid, grade_of(f"질의 {qid}", TEXTS[docid][0]))
        for qid in range(QUERIES)
        for docid in ("d0", "d1")
    ]
    return rows + [line("가", "test", qid, "d0", 0) for qid in range(QUERIES)]


@pytest.mark.parametrize(("error_rate", "used"), [(0.0, True), (0.05, True), (0.5, False)])
def test_the_floor_decides(
    judge_server: Callable[..., JudgeServer], tmp_path: Path, error_rate: float, used: bool
) -> None:
    pairs, left_out = people_pairs(standing(judged_by_people()), TEXTS)
    assert ({one.pair[0] for one in pairs}, len(pairs), dict(left_out)) == ({"dev"}, 2 * QUERIES, {})
    client = judge_client(judge_server(grade_of, error_rate), tmp_path)
    found = calibrate(client, pairs, SETTINGS, seed=1, samples=200)
    assert found.agreement.judges == ("people", "judge")
    assert trust_of(SETTINGS, found.agreement).used is used
    if not error_rate:
        assert found.agreement.value == 1.0


def test_a_passage_that_changed_is_not_what_people_read() -> None:
    changed = {**TEXTS, "d0": ["다른 글"]}
    pairs, left_out = people_pairs(standing(judged_by_people()), changed)
    assert {one.pair[2] for one in pairs} == {"d1"}
    assert left_out == {"passage_changed": QUERIES}


def test_too_few_or_no_agreement_is_no_trust() -> None:
    few = Agreement(("people", "m"), 19, 0.9, 0.8, 1.0)
    assert (
        trust_of(SETTINGS, few).why == "people graded too few pairs of dev or new queries (judge.min_pairs)"
    )
    unknown = Agreement(("people", "m"), 40, None, None, None)
    assert not trust_of(SETTINGS, unknown).used
    assert trust_of(JudgeParams(provider="llm", floor=None), None).used
    assert not trust_of(JudgeParams(), None).used


def test_holes_are_filled_by_marked_lines_beside_people(
    judge_server: Callable[..., JudgeServer], tmp_path: Path
) -> None:
    folder = tmp_path / "judgements"
    append_lines(folder, judged_by_people())
    held = standing(read_lines(folder))
    client = judge_client(judge_server(grade_of), tmp_path / "cache", model="회사/judge 1")
    pairs, _ = people_pairs(held, TEXTS)
    found = calibrate(client, pairs, SETTINGS, seed=1, samples=100)
    documents = [PooledDocument(docid=docid, passage=docid) for docid in TEXTS]
    pool = [
        PooledQuery(place=qid, split="dev", qid=str(qid), query=f"질의 {qid}", random=False, doubled=False,
                    documents=documents) for qid in range(2)
    ]  # fmt: skip
    name, texts = machine_name(client.model), {docid: of_one for docid, (of_one,) in TEXTS.items()}
    holes = holes_of(pool, held, name, texts)
    assert [hole.pair for hole in holes] == [
        ("dev", str(qid), docid) for qid in (0, 1) for docid in ("d2", "d3")
    ]
    lines, statuses = lines_for_holes(client, holes, 100)
    append_lines(folder, lines_of_calibration(client.model, found, pairs, held) + lines)
    assert statuses == {"ok": 4}
    held = standing(read_lines(folder))
    assert holes_of(pool, held, name, texts) == []
    assert set(people(held)) == {"가"}
    assert lines_of_calibration(client.model, found, pairs, held) == []

    own = merge(people(held))
    assert set(own.qrels["dev"]["0"]) == {"d0", "d1"}
    filled = filled_by_machines(own, held, SETTINGS, seed=1)
    assert filled.qrels["dev"]["0"] == {"d0": 0, "d1": 1, "d2": 2, "d3": 3}
    assert filled.machine == {hole.pair for hole in holes}
    assert filled.counted["dev grades by a language model"] == 4

    strict = filled_by_machines(own, held, SETTINGS.model_copy(update={"min_pairs": 1000}), seed=1)
    assert (strict.qrels, strict.machine) == (own.qrels, set())
    assert sum(strict.counted.values()) == 2 * QUERIES + 4
