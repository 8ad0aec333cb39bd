import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.corpus import chunking
from sunwi.corpus.chunking import chunk_documents, split_text
from sunwi.errors import InputProblems
from sunwi.records.corpus import Document
from sunwi.text import normalise

SENTENCES = [
    "빛은 파동이면서 입자이다.",
    "세포는 생물의 기본 단위입니다.",
    "그렇다면 왜 하늘은 파랄까요?",
    "짧은 파장이 더 많이 흩어지기 때문이다.",
]

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
korean = st.sampled_from(
    [*SENTENCES, "가나다라", "물은 100도에서 끓는다. ", "\n", "𝑬=mc²", "'인용이다.' 라고 했다."]
)
texts = st.lists(st.one_of(korean, words), min_size=1, max_size=25).map(
    lambda parts: normalise(" ".join(parts))
)


@settings(max_examples=150)
@given(text=texts.filter(bool), limit=st.integers(1, 80))
def test_chunks_hold_the_whole_text_and_keep_the_limit(text: str, limit: int) -> None:
    chunks = split_text(text, limit)
    assert "".join("".join(chunks).split()) == "".join(text.split())
    assert all(0 < len(chunk) <= limit for chunk in chunks)
    assert split_text(text, limit) == chunks


def test_cuts_at_sentence_ends_into_even_parts() -> None:
    text = " ".join(SENTENCES)
    assert [len(sentence) for sentence in SENTENCES] == [14, 17, 16, 22]
    # The first three are 49 characters and would fit; even parts leave no short last one.
    assert split_text(text, 50) == [" ".join(SENTENCES[:2]), " ".join(SENTENCES[2:])]


def test_a_long_sentence_is_cut_at_its_last_space() -> None:
    assert split_text("가나다 라마바 사아자", 8) == ["가나다 라마바", "사아자"]


def test_a_long_word_is_cut_at_the_limit() -> None:
    assert split_text("가나다라마바사", 3) == ["가나다", "라마바", "사"]


def test_short_passages_never_reach_the_analyser(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> list[str]:
        raise AssertionError(text)

    monkeypatch.setattr(chunking, "sentences", refuse)
    document = Document(docid="d", content="짧다.")
    assert chunk_documents([document], 3) == [document]


def test_chunks_name_their_parent_and_keep_title_and_source() -> None:
    document = Document(docid="d", content=" ".join(SENTENCES), title="빛", src="물리")
    chunks = chunk_documents([document], 50)
    assert [(row.docid, row.parent, row.title, row.src) for row in chunks] == [
        ("d#1", "d", "빛", "물리"),
        ("d#2", "d", "빛", "물리"),
    ]


def test_a_chunk_never_takes_the_docid_of_another_document() -> None:
    documents = [Document(docid="d", content=" ".join(SENTENCES)), Document(docid="d#2", content="글")]
    with pytest.raises(InputProblems, match="chunk 2 of 'd'"):
        chunk_documents(documents, 50)


def test_a_sentence_without_end_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters copied by the cutting: a few of each, however many parts the one sentence has."""

    class Counted(str):
        copied = 0

        def __getitem__(self, key: object) -> str:
            part = super().__getitem__(key)  # type: ignore[index]  str takes no object
            Counted.copied += len(part)
            return part

    monkeypatch.setattr(chunking, "sentences", lambda text: [text])
    copied = []
    for length in (20_000, 80_000):
        Counted.copied = 0
        text = Counted("가나다 라마 " * (length // 7))
        assert len(list(chunking._piece_ends(text, 100))) == pytest.approx(length / 98, rel=0.1)
        copied.append(Counted.copied / length)
    assert copied[1] == pytest.approx(copied[0], rel=0.01)
    assert copied[1] < 10
