"""Template questions: what is asked of a sentence, and what is left alone."""

import pytest

from sunwi.josa import fill
from sunwi.qa.filters.form import asks
from sunwi.qa.template.candidates import template_candidates
from sunwi.qa.template.register import word
from sunwi.qa.template.wordings import WORDINGS
from sunwi.records.corpus import Document


def asked(content: str, group: str = "safe", title: str | None = None) -> dict[str, str]:
    """Question by pattern."""
    document = Document(docid="d", content=content, title=title)
    made = template_candidates([document], [group], seed=1)  # type: ignore[list-item]
    return {candidate.generator.removeprefix("template:"): candidate.question for candidate in made}


@pytest.mark.parametrize(
    ("content", "pattern", "subject"),
    [
        ("광합성은 식물이 빛으로 양분을 만드는 과정이다.", "definition", "광합성"),
        ("전도는 열이 물질을 따라 이동하는 현상을 말합니다.", "definition", "전도"),
        ("불순물을 넣어 성질을 조절하는 일을 도핑이라고 한다.", "naming", "도핑"),
        ("엽록체는 식물 세포에서 빛을 흡수하는 역할을 합니다.", "role", "엽록체"),
        ("헬륨은 풍선이나 냉각제로 널리 사용됩니다.", "use", "헬륨"),
        ("물 분자는 수소 원자와 산소 원자로 이루어져 있습니다.", "parts", "물 분자"),
        ("소포체는 거친면 소포체와 매끈면 소포체로 나뉜다.", "kinds", "소포체"),
        ("적색 거성의 특징은 표면 온도가 낮다는 것이다.", "attribute", "적색 거성의 특징"),
        ("산사태는 폭우로 인해 발생한다.", "cause", "산사태"),
        ("내핵은 지구의 중심에 위치한다.", "place", "내핵"),
    ],
)
def test_safe_patterns(content: str, pattern: str, subject: str) -> None:
    questions = asked(content)
    assert subject in questions[pattern]
    assert all(asks(question) for question in questions.values())


def test_influence_names_both_sides() -> None:
    question = asked("산성비는 호수의 생태계에 큰 영향을 미친다.")["influence"]
    assert "산성비" in question
    assert "호수의 생태계에" in question


@pytest.mark.parametrize(
    "content",
    [
        "이것은 식물이 양분을 만드는 과정이다.",  # pronoun
        "이러한 현상은 생태계에 큰 영향을 미친다.",  # deictic
        "과정은 양분을 만드는 방법이다.",  # generic
        "광합성은 중요한 과정이다.",  # no definition
        "미토콘드리아는 세포 안에서 중요한 역할을 한다.",  # what role remains untold
        "에스테르는 다양한 용도로 사용됩니다.",
        "인체는 다양한 체계로 구성되어 있습니다.",
        "가장 큰 원인은 자외선이다.",
        "유압 장치는 유체를 쓰기 때문에 피스톤은 압력을 전달하는 역할을 한다.",  # the role is another's
        "헬륨은 가볍고, 산소는 불을 붙이는 역할을 한다.",  # the role is another's
        "이 계열을 가리키는 아스트로는 용어로 사용된다.",
    ],
)
def test_what_cannot_stand_alone_is_left(content: str) -> None:
    assert asked(content) == {}


@pytest.mark.parametrize(
    ("content", "pattern", "part"),
    [
        ("빵 반죽이 부푸는 것은 효모의 발효 때문이다.", "because", "빵 반죽이 부푸는"),
        ("고무는 비전도체이기 때문에 전기를 통하지 않습니다.", "why", "고무가 전기를 통하지 않는"),
        ("백혈구가 세균을 삼키면 리소좀이 세균을 분해한다.", "condition", "백혈구가 세균을 삼키면"),
        ("화석 연료를 태우면 이산화 탄소가 나온다.", "condition", "화석 연료를 태우면"),
        ("계통 오차를 줄이기 위해서는 교정이 필요합니다.", "purpose", "계통 오차를 줄이기 위해"),
        ("증발은 물이 수증기로 변하는 과정을 말합니다.", "name_of", "물이 수증기로 변하는 과정을"),
        ("적혈구의 수명은 약 120일이다.", "amount", "적혈구의 수명"),
    ],
)
def test_medium_patterns(content: str, pattern: str, part: str) -> None:
    questions = asked(content, "medium")
    assert part in questions[pattern]
    assert asks(questions[pattern])


def test_a_title_is_asked_for() -> None:
    assert "열의 전도" in asked("금속은 열을 잘 전한다.", title="열의 전도")["title"]
    assert "title" not in asked("금속은 열을 잘 전한다.", title="이 글은 시험이다.")


def test_keyword_queries_prefer_what_is_said_often() -> None:
    content = "광전 효과는 빛을 받은 금속에서 전자가 나온다는 것이다. 광전 효과는 유명하다."
    query = asked(content, "keyword")["keyword"]
    assert query.startswith("광전 효과")
    assert len(query.split()) >= 2


def test_distinct_answers_come_first() -> None:
    content = (
        "엽록체는 빛을 흡수하는 역할을 하며, 식물 세포에 위치한다. "
        "증산 작용은 잎에서 물이 나가는 현상을 말한다."
    )
    made = template_candidates([Document(docid="d", content=content)], ["safe"], seed=1)
    sentences = [candidate.checks["sentence"] for candidate in made]
    assert sorted(sentences[:2]) == [0, 1]  # type: ignore[type-var]
    assert len(sentences) == 3


def test_every_wording_fills_and_asks() -> None:
    slots = {"X": "산소", "Y": "세포", "N": "역할", "C": "열을 받으면", "V": "발생하", "Q": "무엇이 필요한가"}
    slots |= {"P": "필요한 것", "K": "뭐가 필요해"}
    for wordings in WORDINGS.values():
        assert set(wordings) == {"polite", "plain", "colloquial"}
        for templates in wordings.values():
            for template in templates:
                assert asks(fill(template, **slots)), template


def test_all_registers_are_used() -> None:
    registers = {word(WORDINGS["definition"], {"X": "광합성"}, str(number))[1] for number in range(40)}
    assert registers == {"polite", "plain", "colloquial"}
