import json
from pathlib import Path
from typing import Any

import pytest

from sunwi.corpus.importing import ImportReport, import_source
from sunwi.corpus.rows import GivenQuestion
from sunwi.errors import DataError, InputProblems
from sunwi.records.corpus import Document, Query
from sunwi.records.files import read_rows
from sunwi.trec import read_qrels

KORQUAD = {
    "version": "KorQuAD",
    "data": [
        {
            "title": "훈민정음",
            "paragraphs": [
                {
                    "context": "세종이 1443년에 만들었다.",
                    "qas": [{"id": "1-0", "question": "누가 만들었나?", "answers": [{"text": "세종"}]}],
                },
                {
                    "context": "스물여덟 자였다.",
                    "qas": [{"id": "1-1", "question": "몇 자였나?", "answers": [{"text": "스물여덟"}]}],
                },
                {
                    "context": "세종이 1443년에 만들었다.",
                    "qas": [{"id": "1-2", "question": "언제 만들었나?", "answers": [{"text": "1443년"}]}],
                },
            ],
        }
    ],
}
KLUE = {
    "data": [
        {
            "title": "기사",
            "source": "신문",
            "paragraphs": [
                {
                    "context": "수출이 늘었다.",
                    "qas": [
                        {
                            "guid": "klue-1",
                            "question": "무엇이 늘었나?",
                            "answers": [{"text": "수출"}],
                            "is_impossible": False,
                        },
                        {
                            "guid": "klue-2",
                            "question": "왜 늘었나?",
                            "answers": [],
                            "plausible_answers": [{"text": "수출"}],
                            "is_impossible": True,
                        },
                    ],
                }
            ],
        }
    ]
}
AIHUB = {
    "Dataset": {"name": "금융, 법률 문서 기계독해"},
    "data": [
        {
            "doc_id": 4021,
            "doc_title": "대여금 판결",
            "paragraphs": [
                {
                    "context_id": 1,
                    "context_title": "주문",
                    "context": "피고는 원고에게 돈을 갚는다.",
                    "qas": [
                        {
                            "question_id": "77",
                            "question": "누가 갚는가?",
                            "is_impossible": "false",
                            "answers": {"text": "피고", "answer_start": 0},
                        },
                        {
                            "question_id": "78",
                            "question": "얼마를 갚는가?",
                            "is_impossible": "true",
                            "answers": {"text": "", "answer_start": -1},
                        },
                        {"question_id": "79", "question": "이자는?", "answers": {"text": ""}},
                    ],
                }
            ],
        },
        {
            "doc_id": 4021,
            "doc_title": "대여금 판결",
            "paragraphs": [{"context": "소송 비용은 피고가 낸다.", "qas": []}],
        },
    ],
}


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def test_korquad_joins_the_paragraphs_that_an_article_repeats(tmp_path: Path) -> None:
    report = import_source("squad", tmp_path / "out", files=[write(tmp_path / "dev set.json", KORQUAD)])
    documents = read_rows(tmp_path / "out" / "corpus.jsonl", Document)
    assert [(row.docid, row.src, row.title) for row in documents] == [
        ("dev_set-00000-000", "훈민정음", None),
        ("dev_set-00000-001", "훈민정음", None),
    ]
    assert read_qrels(tmp_path / "out" / "qrels.tsv") == {
        "1-0": {"dev_set-00000-000": 1},
        "1-1": {"dev_set-00000-001": 1},
        "1-2": {"dev_set-00000-000": 1},
    }
    assert report.counted == {"paragraphs that their article repeats, joined into one document": 1}


def test_klue_leaves_out_unanswerable_questions_and_counts_them(tmp_path: Path) -> None:
    report = import_source("squad", tmp_path / "out", files=[write(tmp_path / "klue.json", KLUE)])
    assert [row.qid for row in read_rows(tmp_path / "out" / "queries.jsonl", Query)] == ["klue-1"]
    assert report.counted == {"unanswerable questions, left out": 1}


def test_aihub_finance_and_law(tmp_path: Path) -> None:
    report = import_source("squad", tmp_path / "out", files=[write(tmp_path / "law.json", AIHUB)])
    documents = read_rows(tmp_path / "out" / "corpus.jsonl", Document)
    assert [(row.docid, row.src, row.title) for row in documents] == [
        ("4021-000", "대여금 판결", "주문"),
        ("4021-001", "대여금 판결", None),
    ]
    assert read_qrels(tmp_path / "out" / "qrels.tsv") == {"77": {"4021-000": 1}}
    assert report.counted == {"unanswerable questions, left out": 2}


def test_tune_share_splits_by_article_and_added_articles_move_no_other(tmp_path: Path) -> None:
    def article(number: int) -> dict[str, Any]:
        paragraphs = [
            {
                "context": f"글 {number}의 문단 {part}.",
                "qas": [
                    {"id": f"{number}-{part}", "question": f"{number}-{part}?", "answers": [{"text": "글"}]}
                ],
            }
            for part in range(3)
        ]
        return {"title": f"글 {number}", "paragraphs": paragraphs}

    def sides(numbers: range) -> tuple[set[str], set[str]]:
        file = write(tmp_path / "set.json", {"data": [article(number) for number in numbers]})
        import_source("squad", tmp_path / "out", files=[file], tune_share=0.5)
        tune = {
            row.question.rstrip("?") for row in read_rows(tmp_path / "out" / "questions.jsonl", GivenQuestion)
        }
        evaluation = {row.qid for row in read_rows(tmp_path / "out" / "queries.jsonl", Query)}
        assert {row.source for row in read_rows(tmp_path / "out" / "questions.jsonl", GivenQuestion)} <= {
            "human"
        }
        return tune, evaluation

    tune, evaluation = sides(range(40))
    assert len(tune) + len(evaluation) == 120
    assert 30 < len(tune) < 90
    assert not {name.split("-")[0] for name in tune} & {name.split("-")[0] for name in evaluation}
    more_tune, more_evaluation = sides(range(60))
    assert tune < more_tune
    assert evaluation < more_evaluation
    assert sides(range(40)) == (tune, evaluation)


@pytest.mark.parametrize(("share", "queries", "questions"), [(0.0, 3, 0), (1.0, 0, 3)])
def test_the_ends_of_tune_share(tmp_path: Path, share: float, queries: int, questions: int) -> None:
    file = write(tmp_path / "set.json", KORQUAD)
    report = import_source("squad", tmp_path / "out", files=[file], tune_share=share)
    assert (report.counts["queries"], report.counts["given questions"]) == (queries, questions)


def test_files_of_one_name_keep_their_documents_apart(tmp_path: Path) -> None:
    files = [write(tmp_path / "train" / "a.json", KORQUAD), write(tmp_path / "valid" / "a.json", KLUE)]
    import_source("squad", tmp_path / "out", files=files)
    docids = [row.docid for row in read_rows(tmp_path / "out" / "corpus.jsonl", Document)]
    assert docids == ["train-a-00000-000", "train-a-00000-001", "valid-a-00000-000"]


def test_faults_name_their_place_in_every_file(tmp_path: Path) -> None:
    broken = {
        "data": [
            {"paragraphs": [{"context": " ", "qas": []}, {"context": "글", "qas": [{"question": "뭐?"}, 3]}]},
            {"title": "문단 없음"},
            {"doc_id": "\ud800", "paragraphs": [{"context": "글", "qas": []}]},
        ]
    }
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    other = tmp_path / "other.json"
    other.write_text('{"data": [\n}', encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        import_source("squad", tmp_path / "out", files=[path, other, write(tmp_path / "list.json", [])])
    faults = [(Path(problem.path).name, problem.line, problem.message) for problem in caught.value.problems]
    messages = "\n".join(message for _, _, message in faults)
    assert "data[0].paragraphs[0]: field 'context' is missing or empty" in messages
    assert "data[0].paragraphs[1].qas[0]: field 'id' or 'guid' or 'question_id' is missing" in messages
    assert "data[0].paragraphs[1].qas[1]: expected an object" in messages
    assert "data[1]: expected a list in the field 'paragraphs'" in messages
    assert "data[2]: field 'doc_id': the id '\\ud800' holds half characters" in messages
    assert ("other.json", 2) in [fault[:2] for fault in faults]
    assert "list.json" in {fault[0] for fault in faults}
    assert not (tmp_path / "out").exists()


def test_a_share_outside_its_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="from 0 to 1"):
        import_source("squad", tmp_path / "out", files=[], tune_share=1.5)


@pytest.mark.parametrize(
    "answers",
    [
        [{"text": "글", "answer_start": 0}],
        {"text": ["글"], "answer_start": [0]},
        {"text": "글"},
        "글",
        ["글"],
        [{"text": 0}],
        [{"text": ""}, {"text": "글"}],
    ],
)
@pytest.mark.parametrize("name", ["answers", "answer"])
def test_answers_of_every_form_keep_their_question(tmp_path: Path, answers: Any, name: str) -> None:
    report = asked(tmp_path, {name: answers})
    assert (report.counts["queries"], report.counted) == (1, {})


@pytest.mark.parametrize("answers", [[], {}, "", None, {"text": []}, [{"text": " "}], {"text": ["\u3164"]}])
def test_questions_without_an_answer_are_left_out(tmp_path: Path, answers: Any) -> None:
    assert asked(tmp_path, {"answers": answers}).counted == {"unanswerable questions, left out": 1}


@pytest.mark.parametrize(
    ("impossible", "queries"),
    [(value, 0) for value in (True, 1, 1.0, "Y", "yes", "True", "T", "1", "예")]
    + [(value, 1) for value in (False, 0, 0.0, "N", "no", "false", "F", "0", "아니오", None)],
)
def test_booleans_as_people_write_them(tmp_path: Path, impossible: Any, queries: int) -> None:
    assert (
        asked(
            tmp_path,
            {"is_impossible": impossible, "answers": []}
            if not queries
            else {"is_impossible": impossible, "answers": [{"text": "글"}]},
        ).counts["queries"]
        == queries
    )


def test_another_word_is_no_boolean(tmp_path: Path) -> None:
    for value in ("maybe", [], 2):
        with pytest.raises(InputProblems, match=r"qas\[0\]: field 'is_impossible': expected true or false"):
            asked(tmp_path, {"is_impossible": value})


def asked(tmp_path: Path, question: dict[str, Any]) -> ImportReport:
    question = {"id": "q", "question": "뭐?"} | question
    path = write(tmp_path / "s.json", {"data": [{"paragraphs": [{"context": "글", "qas": [question]}]}]})
    return import_source("squad", tmp_path / "out", files=[path])


def test_korquad_2_is_one_problem_with_the_way_to_convert_it(tmp_path: Path) -> None:
    question = {"id": "0", "question": "뭐?", "answer": {"text": "글", "html_answer_text": "글"}}
    articles = [
        {"title": f"글 {n}", "context": "<p>글</p>", "raw_html": "<p/>", "qas": [question]} for n in range(9)
    ]
    path = write(tmp_path / "k2.json", {"version": "KorQuAD_2.0", "data": articles})
    with pytest.raises(
        InputProblems, match=r"k2\.json: found KorQuAD 2 (?s:.)*get_text\(\)(?s:.)*paragraphs"
    ) as caught:
        import_source("squad", tmp_path / "out", files=[path])
    assert len(caught.value.problems) == 1
