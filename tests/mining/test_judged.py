"""False negatives by a judge over loopback: planted ones are found, right ones are lost at its rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.judge_server import Grade, JudgeServer, judge_client

from sunwi.mining.judged import JudgedCount, judged_rows, with_spare
from sunwi.mining.metrics import MiningCount
from sunwi.params.judge import JudgeParams
from sunwi.params.mining import MiningParams
from sunwi.records.mined import MinedRow


@pytest.fixture
def judge_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., JudgeServer]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers: list[JudgeServer] = []

    def start(grade: Grade, error_rate: float = 0.0) -> JudgeServer:
        servers.append(JudgeServer(grade, error_rate))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def row(qid: str, *negatives: str) -> MinedRow:
    """Texts that begin with 답 answer the query."""
    return MinedRow(
        qid=qid, query=f"질문 {qid}", pos=["정답"], pos_ids=["p"], pos_scores=[9.0],
        neg=list(negatives), neg_ids=[f"{text}-id" for text in negatives],
        neg_scores=[8.0 - place for place in range(len(negatives))],
        provenance=[{"docid": f"{text}-id", "source": "both"} for text in negatives],
    )  # fmt: skip


def answers(query: str, passage: str) -> int:
    return 3 if passage.startswith("답") else 1


def judged(
    server: JudgeServer, cache: Path, rows: list[MinedRow], mode: str, negatives: int = 2
) -> tuple[list[MinedRow], JudgedCount]:
    settings = JudgeParams.model_validate({"provider": "llm", "false_negatives": mode})
    count = JudgedCount(MiningCount(negatives))
    return list(judged_rows(rows, judge_client(server, cache), negatives, settings, count)), count


def test_an_answer_becomes_a_positive_and_a_spare_one_takes_its_place(
    judge_server: Callable[..., JudgeServer], tmp_path: Path
) -> None:
    server = judge_server(answers)
    rows = [
        row("1", "답1", "가", "나", "다"),
        row("2", "가", "나", "답2", "다"),
        row("3", "답1", "답2", "답3"),
    ]
    kept, count = judged(server, tmp_path, rows, "positive")
    first, second = kept
    assert (first.pos, first.pos_ids, first.pos_scores) == (["정답", "답1"], ["p", "답1-id"], [9.0, 8.0])
    assert (first.neg, first.neg_scores) == (["가", "나"], [7.0, 6.0])
    assert [entry["docid"] for entry in first.provenance] == first.neg_ids
    assert (second.pos, second.neg) == (["정답"], ["가", "나"])  # its spare ones were not asked
    asked = 2 + 2 + 2 + 2 + 1  # two of each row; the spare ones of the first and third row
    metrics = count.judge_metrics()
    assert metrics["answers"] == {"ok": asked}
    assert (metrics["answering"], metrics["made_positive"], metrics["left_out"]) == (4, 4, 0)
    assert (metrics["replaced"], metrics["rows_changed"], metrics["rows_lost"]) == (1, 2, 1)
    mined = MiningCount(4)
    mined.counts.update({"questions": 3, "rows": 3, "short": 3})
    assert count.mining_metrics(mined)["rows"] == 2
    assert count.mining_metrics(mined)["short"] == 0


def test_an_answer_may_leave_instead(judge_server: Callable[..., JudgeServer], tmp_path: Path) -> None:
    kept, count = judged(judge_server(answers), tmp_path, [row("1", "답1", "가", "나")], "drop")
    assert (kept[0].pos, kept[0].neg) == (["정답"], ["가", "나"])
    assert count.judge_metrics()["left_out"] == 1


def test_no_usable_answer_leaves_a_negative_where_it_is(
    judge_server: Callable[..., JudgeServer], tmp_path: Path
) -> None:
    server = judge_server(answers)
    server.default = lambda _: server.chat("", "content_filter")
    rows = [row("1", "답1", "가")]
    kept, count = judged(server, tmp_path, rows, "positive")
    assert kept == rows
    assert count.judge_metrics()["answers"] == {"blocked": 2}


def test_seeded_false_negatives_are_found_at_the_judges_rate(
    judge_server: Callable[..., JudgeServer], tmp_path: Path
) -> None:
    """800 pairs, a judge that errs on a tenth: nine tenths of what was planted are found, a tenth is lost."""
    rows = [
        row(f"{at:03}", *(f"{'답' if place % 4 == 0 else '글'}{at}-{place}" for place in range(8)))
        for at in range(100)
    ]
    kept, _ = judged(judge_server(answers, error_rate=0.1), tmp_path, rows, "positive", negatives=8)
    by_qid = {one.qid: one for one in kept}
    found = sum(text.startswith("답") for one in kept for text in one.pos)
    lost = sum(text.startswith("글") for one in kept for text in one.pos)
    assert len(by_qid) == 100
    assert found / 200 == pytest.approx(0.9, abs=0.05)
    assert lost / 600 == pytest.approx(0.1, abs=0.03)
    perfect, _ = judged(judge_server(answers), tmp_path / "perfect", rows[:20], "positive", negatives=8)
    assert sum(text.startswith("답") for one in perfect for text in one.pos) == 40
    assert not any(text.startswith("글") for one in perfect for text in one.pos)


def test_spare_negatives_are_mined_for_the_judge() -> None:
    assert with_spare(MiningParams(negatives=7), JudgeParams(spare=3)).negatives == 10
