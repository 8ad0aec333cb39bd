"""Answers that commit d564c90 recorded are found by the same prompts and keys: nothing is paid twice."""

from __future__ import annotations

from pathlib import Path

from sunwi.llm.client import LlmClient
from sunwi.llm.store import AnswerStore
from sunwi.llm.transfer import import_answers
from sunwi.params.reading import read_effective
from sunwi.params.whole import Params
from sunwi.qa.generate import QaSources, generate_questions
from sunwi.records.corpus import Document

ROOT = Path(__file__).resolve().parents[2]
# Written by that commit's `generate_questions` with its params.yaml, OpenAI's SDK and a server on loopback.
RECORDED = Path(__file__).with_name("answers_d564c90.jsonl")
CORPUS = [
    Document(docid="d1", content="광합성은 식물이 빛으로 양분을 만드는 과정이다. 엽록체가 빛을 흡수한다."),
    Document(docid="d2", content="증산 작용은 잎에서 물이 수증기로 나가는 현상이다. 기공이 닫히면 멈춘다."),
    Document(docid="d3", content="마찰력은 접촉한 두 물체의 운동을 방해하는 힘이다. 브레이크가 이를 쓴다."),
]


def test_answers_of_an_earlier_version_are_replayed_with_the_parameters_as_they_ship(tmp_path: Path) -> None:
    with AnswerStore(tmp_path) as store:
        assert import_answers(store, RECORDED).added == 3
    content = read_effective(Params, ROOT / "params.yaml")
    content["qa"] |= {"provider": "llm", "round_trip": "bm25"}
    content["llm"] |= {"provider": "replay"}  # a row without a recorded answer is an error
    params = Params.model_validate(content)
    made = generate_questions(QaSources(CORPUS), params, client=LlmClient(params.llm, tmp_path))
    assert sorted((question.docid, question.question) for question in [*made.kept, *made.rejected]) == [
        ("d1", "빛을 흡수하는 것은 무엇인가요?"),
        ("d1", "식물은 빛으로 무엇을 만드나요?"),
        ("d1", "엽록체는 무엇을 흡수하나요?"),
        ("d2", "기공이 닫히면 증산은 어떻게 되나요?"),
        ("d2", "수증기는 어디에서 나가나요?"),
        ("d2", "잎에서 물이 나가는 현상을 뭐라고 해?"),
        ("d3", "마찰력은 무엇을 방해하나요?"),
        ("d3", "물체의 운동을 방해하는 힘은 무엇인가요?"),
        ("d3", "브레이크는 어떤 힘을 쓰나요?"),
    ]
