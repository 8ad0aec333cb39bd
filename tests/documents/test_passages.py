"""The law of passages (documents.passages.cutting), with words as tokens and the real sentence splitter."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.documents.blocks import Block, ReadDocument
from sunwi.documents.passages.cutting import OVER_LIMIT, PassageSettings, cut_documents
from sunwi.documents.passages.layout import place_blocks, text_of
from sunwi.records.corpus import Document

SENTENCES = [
    "빛은 파동이면서 입자이다.",
    "세포는 생물의 기본 단위입니다.",
    "그렇다면 왜 하늘은 파랄까요?",
    "짧은 파장이 더 많이 흩어지기 때문이다.",
]


def words(texts: list[str] | tuple[str, ...]) -> list[int]:
    return [len(text.split()) for text in texts]


def document(*blocks: Block, path: str = "보증/안내서.hwp") -> ReadDocument:
    return ReadDocument(path=path, format="hwp", sha256="0", reader="r", pages=3, blocks=blocks)


def cut(*blocks: Block, tokens: int = 12, overlap: int = 0) -> list[Document]:
    return list(cut_documents([document(*blocks)], PassageSettings(tokens, overlap), words))


def text(content: str, **fields: object) -> Block:
    return Block(kind="paragraph", text=content, **fields)  # type: ignore[arg-type]


def heading(content: str, level: int = 1) -> Block:
    return Block(kind="heading", text=content, level=level)


def table(rows: int, header: int = 1) -> Block:
    cells = (("구분", "한도"), *((f"제{row}호", f"{row}억원") for row in range(rows)))
    return Block(kind="table", text="", rows=cells, header_rows=header)


paragraphs = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6).map(
    lambda many: text(" ".join(many))
)
headings = st.builds(heading, st.sampled_from(["보증", "한도", "1. 보증", "***"]), st.integers(1, 3))
tables = st.builds(table, st.integers(0, 12), st.integers(0, 1))
blocks_of = st.lists(st.one_of(paragraphs, headings, tables), max_size=9)


@settings(max_examples=80)
@given(blocks=blocks_of, tokens=st.integers(4, 30), overlap=st.integers(0, 2))
def test_passages_are_stretches_of_the_text_that_keep_the_limit_and_lose_nothing(
    blocks: list[Block], tokens: int, overlap: int
) -> None:
    placed = place_blocks(blocks)
    whole = text_of(placed)
    counted: Counter[str] = Counter()
    passages = list(cut_documents([document(*blocks)], PassageSettings(tokens, overlap), words, counted))
    assert len({passage.docid for passage in passages}) == len(passages)
    covered: set[int] = set()
    over = 0
    for passage in passages:
        assert passage.source is not None
        stretch = whole[passage.source.start : passage.source.end]
        assert passage.content in {stretch, f"구분 | 한도\n{stretch}"}
        covered.update(range(passage.source.start or 0, passage.source.end or 0))
        budget = max(
            tokens - (len((passage.title or "").split()) + 1 if passage.title else 0), (tokens + 1) // 2
        )
        over += len(passage.content.split()) > budget
    assert over <= counted[OVER_LIMIT]
    for one in placed:
        inside = covered.issuperset(at for at in range(one.start, one.end) if not whole[at].isspace())
        assert inside or one.block.kind == "heading"
        # No sentence and no row is divided: some passage holds it whole.
        parts = one.rows or [sentence for sentence in SENTENCES if sentence in one.text]
        assert one.block.kind == "heading" or all(any(part in p.content for p in passages) for part in parts)


@settings(max_examples=60)
@given(blocks=blocks_of, later=blocks_of, tokens=st.integers(4, 30), overlap=st.integers(0, 1))
def test_later_parts_change_no_id_and_no_text_of_a_passage_that_is_full(
    blocks: list[Block], later: list[Block], tokens: int, overlap: int
) -> None:
    settings = PassageSettings(tokens, overlap)
    before = list(cut_documents([document(*blocks)], settings, words))
    after = list(cut_documents([document(*blocks, *later)], settings, words))
    bare = bool(blocks) and blocks[-1].kind == "heading"  # what follows may be its own first passage
    full = before[:-1]
    assert after[: len(full)] == full
    if before and not bare:
        assert after[len(full)].docid == before[-1].docid
        assert after[len(full)].content.startswith(before[-1].content)


def test_other_files_change_nothing() -> None:
    one, two = document(text("가 나.")), document(text("다 라."), path="b.pdf")
    alone = list(cut_documents([one], PassageSettings(8), words))
    assert list(cut_documents([two, one], PassageSettings(8), words))[1:] == alone


def test_the_path_of_headings_is_title_and_part_of_the_id() -> None:
    passages = cut(
        text("머리말이다."), heading("2.1. 보증", 1), heading("보증 한도 (개인)", 2), text("삼억원이다."),
        heading("끝", 1),
    )  # fmt: skip
    assert [(passage.docid, passage.title, passage.content) for passage in passages] == [
        ("보증/안내서.hwp#1", None, "머리말이다."),
        ("보증/안내서.hwp#보증/보증-한도-개인/1", "보증 한도 (개인) < 2.1. 보증", "삼억원이다."),
        ("보증/안내서.hwp#끝/1", "끝", "끝"),  # nothing stands below it, and it is not lost
    ]


def test_the_title_is_the_headings_or_one_of_them_or_begins_with_the_files_name() -> None:
    given = document(heading("보증"), heading("한도", 2), text("삼억원이다."))
    kinds = ("nearest_first", "headings", "heading", "file_and_headings")
    cuts = [list(cut_documents([given], PassageSettings(12, 0, kind), words)) for kind in kinds]  # type: ignore[arg-type]  # a literal of these
    titles = ["한도 < 보증", "보증 > 한도", "한도", "안내서 > 보증 > 한도"]
    assert [passages[0].title for passages in cuts] == titles


def test_a_second_section_of_the_same_headings_has_an_id_of_its_own() -> None:
    passages = cut(heading("보증"), text("하나."), heading("1. 보증"), text("둘."))
    assert [passage.docid for passage in passages] == ["보증/안내서.hwp#보증/1", "보증/안내서.hwp#보증~2/1"]


def test_a_long_table_repeats_its_header_and_cuts_no_row() -> None:
    passages = cut(table(5), tokens=9)  # a row is 3 words, the header too
    assert [passage.content for passage in passages] == [
        "구분 | 한도\n제0호 | 0억원",
        "구분 | 한도\n제1호 | 1억원",
        "구분 | 한도\n제2호 | 2억원",
        "구분 | 한도\n제3호 | 3억원",
        "구분 | 한도\n제4호 | 4억원",
    ]
    assert len(cut(table(2), tokens=12)) == 1


def test_sheets_end_a_passage_and_name_it() -> None:
    passages = cut(text("가.", part="예산"), text("나.", part="Sheet2"))
    assert [(passage.docid, passage.title) for passage in passages] == [
        ("보증/안내서.hwp#예산/1", "예산"),
        ("보증/안내서.hwp#sheet2/1", None),
    ]


def test_overlap_repeats_the_last_sentences_of_the_passage_before() -> None:
    block = text(" ".join(SENTENCES))  # of 3, 4, 4 and 6 words, one more between two
    assert [passage.content for passage in cut(block, tokens=13, overlap=1)] == [
        " ".join(SENTENCES[:3]),
        " ".join(SENTENCES[2:]),
    ]


def test_a_sentence_over_the_limit_stays_whole_and_is_counted() -> None:
    counted: Counter[str] = Counter()
    settings = PassageSettings(4)
    (passage,) = cut_documents([document(text(SENTENCES[3]))], settings, words, counted)
    assert (passage.content, counted[OVER_LIMIT]) == (SENTENCES[3], 1)


def test_the_place_says_file_page_and_heading() -> None:
    passages = cut(heading("보증"), heading("보증 한도", 2), text("삼억원이다.", page=3))
    assert passages[0].source is not None
    assert passages[0].source.label == "보증/안내서.hwp, p. 3, 보증 > 보증 한도"


def test_the_tokens_are_those_of_the_models_tokenizer(builtin_model: object) -> None:
    from sunwi.models.token_counts import token_counter

    count = token_counter("builtin/multilingual-e5-small")
    block = text(" ".join(SENTENCES * 20))
    passages = list(cut_documents([document(heading("빛"), block)], PassageSettings(60), count))
    sizes = count([passage.text for passage in passages])
    assert max(sizes) <= 60
    assert min(sizes[:-1]) > 40
