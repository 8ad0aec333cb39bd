"""From documents to kept and rejected questions."""

import random

import pytest

from sunwi.errors import InputProblems
from sunwi.params.whole import Params
from sunwi.qa.generate import QaResult, QaSources, generate_questions
from sunwi.records.corpus import Document
from sunwi.records.files import canonical_json

TEXTS = {
    "d1": "광합성은 식물이 빛으로 양분을 만드는 과정이다. 엽록체는 빛을 흡수하는 역할을 한다.",
    "d2": "증산 작용은 잎에서 물이 수증기로 나가는 현상을 말한다. 기공이 닫히면 증산 작용이 멈춘다.",
    "d3": "마찰력은 접촉한 두 물체의 운동을 방해하는 힘이다. 마찰력은 브레이크에 널리 사용된다.",
    "d4": "파도가 해안의 바위를 깎는다. 절벽 아래에 동굴이 생기기도 한다.",
    "d5": "광합성은 녹색 식물이 양분을 만드는 과정이다. 잎의 엽록체에서 일어난다.",
}


def documents() -> list[Document]:
    return [Document(docid=docid, content=text) for docid, text in TEXTS.items()]


def run(
    given: list[tuple[str, str, str]] | None = None,
    evaluation: list[str] | None = None,
    judged: set[str] | None = None,
    corpus: list[Document] | None = None,
    **params: object,
) -> QaResult:
    kind = {"provider": "given" if given else "template", "round_trip": "bm25"}
    settings = Params.model_validate({"seed": 7, "qa": {**kind, **params}})
    sources = QaSources(
        documents() if corpus is None else corpus, given or [], evaluation or [], judged or set()
    )
    return generate_questions(sources, settings)


def as_bytes(result: QaResult) -> str:
    rows = [row.model_dump() for row in [*result.kept, *result.rejected, *result.contexts]]
    return canonical_json([*rows, result.metrics])


def test_same_bytes_twice_and_in_any_order() -> None:
    first = as_bytes(run())
    shuffled = documents()
    random.Random(3).shuffle(shuffled)
    assert as_bytes(run()) == first
    assert as_bytes(run(corpus=shuffled)) == first
    given = [("d1", "식물은 양분을 어떻게 만드나요?", "x"), ("d3", "브레이크는 어떤 힘을 쓰나요?", "y")]
    assert as_bytes(run(given)) == as_bytes(run(given[::-1]))


def test_ids_and_wordings_do_not_depend_on_other_documents() -> None:
    alone = run(corpus=documents()[1:3])
    together = run()
    questions = {row.qid: row.question for row in together.kept}
    questions |= {row.qid: row.question for row in together.rejected}
    for row in alone.kept:
        assert questions[row.qid] == row.question


def test_nothing_is_lost() -> None:
    result = run(questions_per_document=1)
    assert result.metrics["candidates"] == len(result.kept) + len(result.rejected)
    assert result.metrics["reasons"]["beyond_limit"] > 0
    assert all(count <= 1 for count in [sum(q.docid == d for q in result.kept) for d in TEXTS])
    covered = result.metrics["documents"]
    assert (
        covered["with_0"] + covered["with_1"] + covered["with_2"] + covered["with_3_or_more"]
        == covered["all"]
    )
    assert covered["with_1"] == len(result.kept)


def test_judged_documents_train_nothing() -> None:
    result = run(judged={"d1", "d3"}, dev_share=0.5)
    assert {row.docid for row in result.kept if row.split == "test"} == {"d1", "d3"}
    free = run(judged={"d1", "d3"}, dev_share=0.5, exclude_judged_documents=False)
    assert all(row.split != "test" for row in free.kept)


def test_copies_across_documents_keep_the_first() -> None:
    same = "식물이 양분을 만드는 과정은 무엇인가요?"
    result = run([("d5", same, "x"), ("d1", same, "x")])
    assert [row.docid for row in result.kept] == ["d1"]
    (copy,) = result.rejected
    assert (copy.docid, copy.reason, copy.checks["duplicate_docid"]) == ("d5", "duplicate_across", "d1")


def test_the_copy_of_a_rejected_question_is_kept() -> None:
    same = "절벽 아래에는 무엇이 생기나요?"
    result = run([("d1", same, "x"), ("d4", same, "x")])  # d1 fails the round trip
    assert [row.docid for row in result.kept] == ["d4"]
    assert [row.reason for row in result.rejected] == ["round_trip"]


def test_evaluation_copies_are_refused_and_counted() -> None:
    result = run([("d3", "마찰력은 어떤 힘인가요?", "x")], evaluation=["마찰력은 어떤 힘인가요"])
    assert result.kept == []
    assert result.metrics["evaluation_copies"] == 1
    assert result.metrics["overlap"]["q50"] is None


def test_lookalikes_of_the_evaluation_are_searched_and_never_train() -> None:
    asked = ["마찰력은 어떤 힘을 말하나요?", "브레이크에는 무엇을 쓰나요?"]
    given = [("d3", question, "x") for question in asked]
    near = ["마찰력은 어떤 힘을 말하는가요?"]  # of the first one
    result = run(given, evaluation=near, near_copy=0.6)
    assert [row.question for row in result.kept] == asked[1:]
    (extra,) = result.for_index
    assert (extra.question, extra.docid, extra.is_evaluation_lookalike) == (asked[0], "d3", True)
    assert result.metrics["index"] == {"questions": 2, "for_search_alone": 1, "evaluation_lookalikes": 1}
    assert run(given, evaluation=near, near_copy=0.6, index_evaluation_lookalikes=False).for_index == []
    # who gave a question that equals the query may have seen it
    assert run(given, evaluation=[asked[0]], near_copy=0.6).for_index == []
    # what another filter refuses is not searched either
    leaking = [("d3", "이 글에서 마찰력은 어떤 힘을 말하나요?", "x")]
    assert (
        run(leaking, evaluation=["이 글에서 마찰력은 어떤 힘을 말하는가요?"], near_copy=0.6).for_index == []
    )


def test_the_index_takes_more_questions_than_training() -> None:
    few, more = run(questions_per_document=1), run(questions_per_document=1, index_questions_per_document=2)
    assert more.kept == few.kept
    assert few.for_index == []
    assert more.for_index
    together = {row.qid: row.docid for row in [*more.kept, *more.for_index]}
    assert max(list(together.values()).count(docid) for docid in TEXTS) == 2
    assert not any(row.is_evaluation_lookalike for row in more.for_index)


def test_given_questions_are_all_taken() -> None:
    questions = [
        "마찰력은 어떤 힘인가요?",
        "브레이크에는 무엇을 쓰나요?",
        "물체의 운동을 막는 것은?",
        "두 물체가 닿으면?",
    ]
    result = run([("d3", question, "people") for question in questions], questions_per_document=1)
    assert len(result.kept) == 4
    assert {row.style for row in result.kept} == {"given"}
    assert {row.generator for row in result.kept} == {"given:people"}
    assert all(0 < row.overlap <= 1 for row in result.kept)
    assert all(row.checks["rank"] == 1 for row in result.kept)


def test_a_parents_question_goes_to_the_chunk_with_its_words() -> None:
    chunks = [
        Document(docid="p#1", content="광합성은 식물이 양분을 만드는 과정이다.", parent="p"),
        Document(docid="p#2", content="마찰력은 물체의 운동을 방해하는 힘이다.", parent="p"),
    ]
    result = run([("p", "운동을 방해하는 힘은 무엇인가요?", "x")], corpus=chunks)
    assert [row.qid for row in result.kept] == ["p#2-01"]
    judged = run([("p", "운동을 방해하는 힘은 무엇인가요?", "x")], corpus=chunks, judged={"p"})
    assert [row.split for row in judged.kept] == ["test"]


def test_headers_and_empty_slots_are_recorded() -> None:
    result = run([("d3", "**질문 3개:**", "x"), ("d3", "", "x"), ("d3", "1. 마찰력은 어떤 힘인가요?", "x")])
    assert [row.question for row in result.kept] == ["마찰력은 어떤 힘인가요?"]
    assert result.metrics["reasons"] == {"empty": 1, "header": 1}


def test_unknown_docids_are_reported_at_once() -> None:
    with pytest.raises(InputProblems) as caught:
        run(
            [
                ("zz", "마찰력은 어떤 힘인가요?", "x"),
                ("d3", "마찰력은 어떤 힘인가요?", "x"),
                ("yy", "왜?", "x"),
            ]
        )
    assert [(problem.line, "zz" in problem.message) for problem in caught.value.problems] == [
        (1, True),
        (3, False),
    ]


def test_groups_can_be_left_out() -> None:
    result = run(groups=["keyword"])
    assert {row.style for row in result.kept} == {"keyword"}
