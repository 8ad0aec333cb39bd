from __future__ import annotations

from sunwi.qa.several import with_other_passages
from sunwi.records.questions import Question, RejectedQuestion
from sunwi.records.row import Split

SPLITS: dict[str, Split] = {"a": "train", "b": "train", "c": "dev", "d": "train"}


def kept(qid: str, docid: str) -> Question:
    return Question(
        qid=qid,
        docid=docid,
        question="왜 그런가?",
        style="s",
        generator="g",
        split=SPLITS[docid],
        overlap=0.5,
    )


def refused(qid: str, docid: str, of: str, reason: str = "duplicate_across") -> RejectedQuestion:
    return RejectedQuestion(
        qid=qid, docid=docid, question="왜 그런가?", style="s", generator="g", reason=reason,
        checks={"duplicate_of": of},
    )  # fmt: skip


def test_a_question_answered_by_several_passages_names_those_of_its_split() -> None:
    copies = [refused("d-1", "d", "a-1"), refused("b-1", "b", "a-1"), refused("c-1", "c", "a-1")]
    within = refused("b-2", "b", "d-9", "duplicate_within")
    first, other = with_other_passages([kept("a-1", "a"), kept("d-9", "d")], [*copies, within], SPLITS)
    assert first.also == ["b", "d"]  # c is of dev
    assert other.also is None
    assert "also" not in other.model_dump(exclude_none=True)
