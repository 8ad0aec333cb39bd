"""Validator, difference and grid."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.small_project import write_project
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.errors import DataError, InputProblems, ParamsError
from sunwi.records.corpus import Document, Message, Query
from sunwi.records.files import write_rows
from sunwi.records.submissions import SubmissionRow
from sunwi.submit.differing import changes
from sunwi.submit.grid import cells, command, parse_axes, rank_experiments, section_of
from sunwi.submit.validation import read_submission, submission_faults


def faults(tmp_path: Path, *lines: bytes | dict[str, object]) -> list[str]:
    path = tmp_path / "mine.csv"
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join(raw))
    return [
        f"{problem.line}: {problem.message}" if problem.line else problem.message
        for problem in submission_faults(path, ["1", "2"], {"d1", "d2", "d3", "d4"}, 3)
    ]


class TestValidator:
    def test_a_valid_file_of_any_origin_has_none(self, tmp_path: Path) -> None:
        foreign = {"eval_id": 2, "topk": [], "references": [{"score": 1.0, "content": "x"}]}
        assert (
            faults(
                tmp_path, {"eval_id": 1, "standalone_query": "", "topk": ["d1", "d2"], "answer": ""}, foreign
            )
            == []
        )

    def test_every_fault_is_named(self, tmp_path: Path) -> None:
        found = faults(
            tmp_path,
            {"eval_id": 1, "topk": ["d1", "d2", "d3", "d4", "d4", "zz"], "answer": 3},
            b"\xff",
            b"{",
            b'{"eval_id": 1, "topk": [NaN]}',
            {"eval_id": 1, "topk": "d1"},
            {"eval_id": 7, "topk": []},
            {"eval_id": True, "topk": []},
            b"[]",
        )
        assert found[0] == "1: field 'answer': expected text, found 3"
        assert found[1:4] == [
            "1: topk repeats d4",
            "1: topk has 6 documents, expected at most 3",
            "1: topk has unknown docids: zz",
        ]  # fmt: skip
        assert found[4] == "2: the line is no UTF-8 (byte 1)"
        assert found[5].startswith("3: the line is no JSON")
        assert found[6] == "4: the line is no JSON: NaN is none of its values"
        assert found[7] == "5: field 'topk': expected a list of docids, found 'd1'"
        assert found[8] == "5: eval_id '1' is on line 1 already"
        assert found[9] == "6: eval_id '7' is not an id of the 2 queries"
        assert found[10].startswith("7: field 'eval_id'")
        assert found[11] == "8: expected a JSON object, found []"
        assert found[12:] == ["1 of the 2 queries have no line: eval_id 2"]

    def test_lines_that_another_reader_might_take_are_faults(self, tmp_path: Path) -> None:
        good = b'{"eval_id": 2, "topk": []}'
        found = faults(
            tmp_path, b"\xef\xbb\xbf" + good, b'{"eval_id": 1, "topk": ["d1"], "topk": []}', b"", good
        )
        assert found == [
            "1: the line begins with a byte order mark; write UTF-8 without it",
            "2: the line is no JSON: it gives 'topk' twice",
            "3: the line is empty",
            "1 of the 2 queries have no line: eval_id 1",
        ]

    def test_what_looks_like_an_id_or_a_text_is_named_with_its_difference(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.csv"
        lines = [
            {"eval_id": unicodedata.normalize("NFD", "가"), "topk": [unicodedata.normalize("NFD", "한")]},
            {"eval_id": "가", "topk": [], "standalone_query": "\ud83d"},
        ]
        big = '{"eval_id": ' + "9" * 5000 + "}"
        path.write_text("\n".join([*map(json.dumps, lines), big]), encoding="utf-8")
        found = [problem.message for problem in submission_faults(path, ["가"], {"한"}, 3)]
        assert len(found) == 4
        assert "normal form" in found[0]
        assert "normal form" in found[1]
        assert "half of a character" in found[2]
        assert "5,000 digits" in found[3]

    def test_utf_16_is_said_once(self, tmp_path: Path) -> None:
        assert faults(tmp_path, '{"eval_id": 1}\n'.encode("utf-16")) == [
            "the file is UTF-16; write it in UTF-8"
        ]

    def test_what_is_no_file_is_refused(self, tmp_path: Path) -> None:
        for path in (tmp_path, tmp_path / "none.csv"):
            with pytest.raises(DataError, match=r"is not a file. Next: give the path"):
                submission_faults(path, ["1"], {"d1"}, 3)

    def test_the_command_names_them_and_accepts_parents(self, tmp_path: Path) -> None:
        write_rows(tmp_path / "corpus.jsonl", [Document(docid="d#0", content="x", parent="d")])
        write_rows(
            tmp_path / "queries.jsonl", [Query(eval_id=1, messages=[Message(role="user", content="?")])]
        )
        path = tmp_path / "a.jsonl"
        path.write_text('{"eval_id": 1, "topk": ["d"]}\n', encoding="utf-8")
        done = CliRunner().invoke(app, ["validate", str(path), "--data", str(tmp_path)])
        assert (done.exit_code, "valid, 1 queries" in done.output) == (0, True)
        path.write_text('{"eval_id": 1, "topk": ["d#0"]}\n', encoding="utf-8")
        bad = CliRunner().invoke(app, ["validate", str(path), "--data", str(tmp_path)])
        assert isinstance(bad.exception, InputProblems)
        assert "a.jsonl:1: topk has unknown docids: d#0" in str(bad.exception)


def row(eval_id: int, *topk: str) -> SubmissionRow:
    return SubmissionRow(eval_id=eval_id, standalone_query="질문", topk=list(topk))


class TestDiff:
    def test_what_validate_takes_can_be_compared(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_corpus: list[Document]
    ) -> None:
        """Case 66: another order, other keys, references as objects, ids as text, no query."""
        project = write_project(tmp_path / "project", tiny_corpus)
        monkeypatch.chdir(project)
        write_rows("data/submissions/tuned.jsonl", [row(1, "d3"), row(2, "d4"), row(3)])
        foreign = [
            {"eval_id": "3", "topk": []},
            {"eval_id": 2, "topk": ["d1"], "references": [{"score": 1.0}], "note": "x"},
            {"eval_id": 1, "standalone_query": "q", "topk": ["d3"], "answer": ""},
        ]
        Path("other.csv").write_text("".join(f"{json.dumps(line)}\n" for line in foreign), encoding="utf-8")
        assert CliRunner().invoke(app, ["validate", "other.csv"]).exit_code == 0
        done = CliRunner().invoke(app, ["diff", "tuned", "other.csv"])
        assert done.exit_code == 0, done.exception
        assert done.output.startswith("tuned -> other.csv: top 1 changed 1 of 3, topk 1\n")
        back = CliRunner().invoke(app, ["diff", "other.csv", "tuned"])
        assert "average precision: 1 better, 0 worse, MAP +0.3333" in back.output
        assert read_submission(Path("data/submissions/tuned.jsonl")) == [row(1, "d3"), row(2, "d4"), row(3)]

    def test_what_validate_refuses_for_its_form_is_refused_with_the_same_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "bad.jsonl"
        lines = ['{"eval_id": 1, "topk": "d1"}', '{"eval_id": "\\ud800", "topk": []}', "{", "[" * 100_000]
        path.write_text("\n".join(lines), encoding="utf-8")
        with pytest.raises(InputProblems, match="sunwi validate") as raised:
            read_submission(path)
        assert [problem.line for problem in raised.value.problems] == [1, 2, 3, 4]
        faults = submission_faults(path, ["1"], {"d1"}, 3)
        assert {str(problem) for problem in raised.value.problems} <= {str(problem) for problem in faults}
        with pytest.raises(DataError, match="is not a file"):
            read_submission(tmp_path)

    def test_changed_first_places_come_first_with_their_worth(self) -> None:
        before = [row(1, "a", "b"), row(2, "a", "b"), row(3, "a")]
        after = [row(1, "a", "c"), row(2, "b", "a"), row(3, "a")]
        found = changes(before, after, {"2": {"b": 1}}, 3)
        assert [(change.qid, change.first_changed) for change in found] == [("2", True), ("1", False)]
        assert (found[0].before_precision, found[0].after_precision, found[0].gain) == (0.5, 1.0, 0.5)

    def test_without_judgements_there_is_no_worth(self) -> None:
        assert changes([row(1, "a")], [row(1, "b")], {}, 3)[0].gain is None

    def test_other_queries_are_refused(self) -> None:
        with pytest.raises(DataError, match="only one of the two submissions: 2"):
            changes([row(1)], [row(1), row(2)], {}, 3)


class TestGrid:
    CONTENT: ClassVar[dict[str, Any]] = {
        "submissions": {"dense_base": {}, "v": {"fusion": "rrf", "rrf_k": 60}}
    }

    def test_every_combination_is_a_command(self) -> None:
        found = cells(self.CONTENT, "v", parse_axes(["rrf_k=10,30", "retrievers=[bm25],[bm25,dense]"]))
        assert len(found) == 4
        assert command(self.CONTENT, "v", found[0]) == [
            "dvc", "exp", "run", "--queue", "-S", "submissions.v.rrf_k=10",
            "-S", '+submissions.v.retrievers=["bm25"]', "submit@v",
        ]  # fmt: skip

    def test_a_combination_has_its_own_stage(self) -> None:
        swap = {"from": "v", "to": "dense_base", "limit": 1}
        content = {**self.CONTENT, "combinations": {"c": {"swap": swap}}}
        found = cells(content, "c", parse_axes(["swap.limit=2", "swap.margin=0.03,0.05"]))
        assert command(content, "c", found[1])[4:] == [
            "-S", "combinations.c.swap.limit=2", "-S", "+combinations.c.swap.margin=0.05", "combine@c",
        ]  # fmt: skip
        with pytest.raises(DataError, match=r"no variant of params.yaml. Next: one of dense_base, v, c"):
            section_of(content, "x")

    def test_all_cells_are_checked_before_one_is_queued(self) -> None:
        with pytest.raises(ParamsError, match="rrf_k"):
            cells(self.CONTENT, "v", parse_axes(["rrf_k=10,-1"]))

    @pytest.mark.parametrize(
        "axis",
        [
            "rrf_k",
            "=1",
            "rrf_k=",
            "rrf_k=1,1",
            "rrf_k=[",
            "rrf_k=2020-13-45",
            "weights={a: 1, a: 2}",
            "rrf_k=" + "9" * 5000,
            "rrf_k=" + "[" * 3000,
        ],
    )
    def test_axes_that_say_nothing_are_refused(self, axis: str) -> None:
        with pytest.raises(DataError, match="Next: write KEY=VALUE"):
            parse_axes([axis])

    def test_experiments_rank_by_dev_and_never_by_test(self) -> None:
        dev, test = "metrics/submissions/v.json:dev_map", "metrics/scores.json:v.map"
        rows = [
            {"Experiment": "one", dev: 0.5, test: 0.9},
            {"Experiment": "two", dev: 0.6, test: 0.1},
            {"Experiment": "none", dev: "", test: 1.0},
            {"Experiment": None, "rev": "workspace", dev: 0.6},
        ]
        assert rank_experiments(rows, "v") == [("two", 0.6), ("workspace", 0.6), ("one", 0.5)]

    def test_the_metric_of_a_variant_that_stands_alone_has_no_file(self) -> None:
        rows = [{"Experiment": "one", "dev_map": 0.5}]
        assert rank_experiments(rows, "v", alone=True) == [("one", 0.5)]
        assert rank_experiments(rows, "v") == []  # it may be another variant's
