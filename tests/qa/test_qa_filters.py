"""Each filter, by examples that it must accept and refuse."""

import pytest

from sunwi.params.bm25 import Bm25Params
from sunwi.params.encoder import EncoderParams
from sunwi.qa.candidate import Candidate, Evidence
from sunwi.qa.duplicates import Duplicates
from sunwi.qa.evaluation_texts import EvaluationTexts
from sunwi.qa.judging import FILTERS as REGISTRY
from sunwi.qa.judging import filters_of, judge
from sunwi.qa.parse import parse
from sunwi.qa.searching import QuestionSearch
from sunwi.records.corpus import Document

FILTERS = {name: one.judge for name, one in REGISTRY.all().items()}
IN_ORDER = [*filters_of("text"), *filters_of("search")]
PASSAGE = (
    "굴절은 빛이 한 물질에서 다른 물질로 비스듬히 들어갈 때 진행 방향이 꺾이는 현상이다. "
    "굴절률 n은 Snell 법칙으로 구하며, 각 θ가 클수록 많이 꺾인다."
)


def candidate(question: str, style: str = "given", qid: str = "a-01", docid: str = "a") -> Candidate:
    return Candidate(qid, docid, question, style, "test", paraphrase=style == "given")


def evidence(**changes: object) -> Evidence:
    values: dict[str, object] = {
        "passage": PASSAGE,
        "terms": ("굴절", "빛"),
        "passage_terms": frozenset({"굴절", "빛", "물질", "방향"}),
        "rank": 1,
        "evaluation_similarity": 0.0,
        "near_copy": 0.7,
    }
    return Evidence(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. 굴절이란 무엇인가요?", "굴절이란 무엇인가요?"),
        ("2) 굴절이란 무엇인가요?", "굴절이란 무엇인가요?"),
        ("- **굴절**이란 무엇인가요?", "굴절이란 무엇인가요?"),
        ("Q3: 굴절이란 무엇인가요?", "굴절이란 무엇인가요?"),
        ("질문 4: 굴절이란 무엇인가요?", "굴절이란 무엇인가요?"),
        ('"굴절이란 무엇인가요?"', "굴절이란 무엇인가요?"),
        ("### 1. “굴절이란 무엇인가요?”", "굴절이란 무엇인가요?"),
        ("18세기에 굴절은 어떻게 설명되었나요?", "18세기에 굴절은 어떻게 설명되었나요?"),
        ("3차원 공간이란 무엇인가요?", "3차원 공간이란 무엇인가요?"),
        ("1.5배로 늘리면 어떻게 되나요?", "1.5배로 늘리면 어떻게 되나요?"),
        ('"굴절"이라는 말은 무슨 뜻인가요?', '"굴절"이라는 말은 무슨 뜻인가요?'),
    ],
)
def test_parse_strips_decoration_and_nothing_else(text: str, expected: str) -> None:
    assert parse(text) == (expected, None)


@pytest.mark.parametrize(
    "text", ["**질문 5개:**", "질문:", "생성된 질문 목록", "다음은 질문 3개입니다:", "Questions:"]
)
def test_parse_refuses_headers(text: str) -> None:
    assert parse(text) == ("", "header")


@pytest.mark.parametrize("text", ["", "  ", "NaN", "null", "**", "1.", "-"])
def test_parse_refuses_empty_slots(text: str) -> None:
    assert parse(text) == ("", "empty")


@pytest.mark.parametrize(
    ("rule", "question", "reason"),
    [
        ("language", "굴절이란 무엇인가요?", None),
        ("language", "Snell 법칙은 무엇을 말하나요?", None),
        ("language", "각 θ가 크면 어떻게 되나요?", None),
        ("language", "DNA는 무슨 일을 하나요?", None),  # three letters: an abbreviation
        ("language", "What is refraction of light 굴절?", "not_korean"),
        ("language", "빛의 velocity는 어떻게 변하나요?", "foreign_word"),
        ("language", "빛의 方向은 왜 꺾이나요?", "foreign_script"),
        ("language", "각 π가 크면 어떻게 되나요?", "foreign_script"),
        ("form", "굴절이란 무엇인가요?", None),
        ("form", "굴절에 대해 알려줘.", None),
        ("form", "빛이 꺾이는 이유는?", None),
        ("form", "굴절이 뭔지 궁금해.", None),
        ("form", "굴절?", "too_short"),
        ("form", "굴절은 " + "정말 " * 30 + "무엇인가요?", "too_long"),
        ("form", "굴절이란 무엇인가요? 왜 생기나요?", "several_questions"),
        ("form", "굴절이란 무엇이며, 왜 일어나나요?", "several_questions"),
        ("form", "굴절은 빛이 꺾이는 현상이다.", "no_question"),
        ("form", "굴절의 원인은 무엇인가요? (명시되지 않음)", "states_no_answer"),
        ("leakage", "굴절이란 무엇인가요?", None),
        ("leakage", "이온 결합이란 무엇인가요?", None),
        ("leakage", "그래프에서 굴절률은 어떻게 구하나요?", None),
        ("leakage", "위의 기능은 무엇인가요?", "deictic"),
        ("leakage", "이 글에서 굴절은 무엇인가요?", "refers_to_document"),
        ("leakage", "본문에 따르면 굴절은 무엇인가요?", "refers_to_document"),
        ("leakage", "굴절이 문서에서 어떻게 설명되나요?", "refers_to_document"),
        ("leakage", "저자는 굴절을 어떻게 보나요?", "refers_to_document"),
        ("leakage", "이러한 현상은 왜 일어나나요?", "deictic"),
        ("leakage", "그 현상은 왜 일어나나요?", "deictic"),
        (
            "copying",
            "굴절은 빛이 한 물질에서 다른 물질로 비스듬히 들어갈 때 꺾이는 현상이다.",
            "declarative_copy",
        ),
        ("copying", "진행 방향이 꺾이는 현상은 무엇인가요?", None),
    ],
)
def test_rules(rule: str, question: str, reason: str | None) -> None:
    assert FILTERS[rule](candidate(question, "polite"), evidence()).reason == reason


def test_words_of_the_passage_are_no_leak() -> None:
    asked = candidate("문서 작성은 어떻게 하나요?")
    assert FILTERS["leakage"](asked, evidence(passage="문서 편집기는 글을 쓰는 도구이다.")).reason is None


def test_people_may_ask_in_other_forms_and_words() -> None:
    given, template = candidate("굴절과 반사의 차이점"), candidate("굴절과 반사의 차이점", "polite")
    other_words = evidence(terms=("거울", "반사", "굴절"))
    assert FILTERS["form"](given, evidence()).reason is None
    assert FILTERS["form"](given, evidence()).checks["ends_as_question"] == 0
    assert FILTERS["form"](template, evidence()).reason == "no_question"
    assert FILTERS["answerability"](given, other_words).reason is None
    assert FILTERS["answerability"](given, other_words).checks["answerable"] == pytest.approx(1 / 3, abs=1e-3)
    assert FILTERS["answerability"](template, other_words).reason == "not_answerable"


def test_words_of_asking_need_no_answer() -> None:
    asked = evidence(terms=("굴절", "왜", "이유", "알리"))
    assert FILTERS["answerability"](candidate("굴절", "polite"), asked).checks["answerable"] == 1


def test_keyword_queries_need_two_words_and_no_ending() -> None:
    assert FILTERS["form"](candidate("굴절 빛", "keyword"), evidence()).reason is None
    assert FILTERS["form"](candidate("굴절률", "keyword"), evidence()).reason == "too_short"


def test_round_trip_keeps_the_rank() -> None:
    contents = {"a": "빛 굴절", "b": "빛 반사", "c": "소리"}
    documents = [Document(docid=docid, content=text) for docid, text in contents.items()]
    search = QuestionSearch(documents, Bm25Params(), None, EncoderParams())
    queries = search.queries(["굴절", "빛", "소리", "지진"])
    assert search.source_ranks(queries, ["a", "b", "a", "c"], 2) == [1, 2, None, None]
    assert FILTERS["round_trip"](candidate("굴절이란?"), evidence(rank=3)).checks == {"rank": 3}
    assert FILTERS["round_trip"](candidate("굴절이란?"), evidence(rank=None)).reason == "round_trip"


def test_evaluation_copies() -> None:
    texts = EvaluationTexts(["굴절이 무엇인지 알려줘!", "오늘 기분이 좋아"])
    assert texts.similarity("굴절이 무엇인지 알려줘") == 1
    assert texts.similarity("심장") == 0
    # bigrams 가나 나다 다라 against 가나 나다: 2 shared of 3
    assert EvaluationTexts(["가나다"]).similarity("가나다라") == pytest.approx(2 / 3)
    assert (
        FILTERS["evaluation"](candidate("질문"), evidence(evaluation_similarity=0.71)).reason
        == "evaluation_copy"
    )
    assert FILTERS["evaluation"](candidate("질문"), evidence(evaluation_similarity=0.7)).reason is None
    assert EvaluationTexts([]).similarity("굴절") == 0


def test_an_equal_short_text_is_a_copy_whatever_the_threshold() -> None:
    verdict = FILTERS["evaluation"](candidate("왜"), evidence(evaluation_similarity=1.0, near_copy=1.0))
    assert verdict.reason == "evaluation_copy"


def test_a_paraphrase_of_an_evaluation_query_is_known_by_its_vector() -> None:
    near = evidence(evaluation_cosine=0.97, evaluation_limit=0.95)
    assert FILTERS["evaluation_meaning"](candidate("굴절?"), near).reason == "evaluation_paraphrase"
    far = evidence(evaluation_cosine=0.95, evaluation_limit=0.95)
    assert FILTERS["evaluation_meaning"](candidate("굴절?"), far).reason is None
    without = FILTERS["evaluation_meaning"](candidate("굴절?"), evidence())
    assert (without.reason, without.checks) == (None, {"evaluation_cosine": None})


def test_duplicates() -> None:
    duplicates = Duplicates(near_copy=0.7)
    first = candidate("굴절이란 무엇인가요?", qid="a-01")
    assert duplicates.judge(first).reason is None
    duplicates.keep(first)
    assert duplicates.judge(candidate("굴절이란 무엇인가요!", qid="a-02")).reason == "duplicate_within"
    near = duplicates.judge(
        candidate("굴절이란 무엇인가?", qid="a-03")
    )  # 굴절 절이 이란 란무 무엇 엇인 인가 of 8
    assert near.reason == "duplicate_within"
    assert near.checks["sibling_similarity"] == pytest.approx(7 / 8)
    across = duplicates.judge(candidate("굴절이란 무엇인가요?", qid="b-01", docid="b"))
    assert across.reason == "duplicate_across"
    assert across.checks["duplicate_docid"] == "a"
    assert duplicates.judge(candidate("굴절이란 무엇인가?", qid="b-02", docid="b")).reason is None


def test_judge_stops_at_the_first_reason_and_keeps_the_values() -> None:
    verdict = judge(candidate("이 글에서 굴절은 무엇인가요?"), evidence(rank=None), IN_ORDER)
    assert verdict.reason == "refers_to_document"
    assert "characters" in verdict.checks
    assert "rank" not in verdict.checks
