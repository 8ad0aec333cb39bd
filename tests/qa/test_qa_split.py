"""The split is by document, stable, and keeps judged documents out of training."""

from hypothesis import given
from hypothesis import strategies as st

from sunwi.qa.split import split_documents
from sunwi.records.corpus import Document

IDS = st.text("abcdef0123456789-", min_size=1, max_size=8)


def documents(ids: list[str], parent: str | None = None) -> list[Document]:
    return [Document(docid=docid, content="글", parent=parent) for docid in ids]


@given(st.lists(IDS, unique=True), st.lists(IDS, unique=True), st.floats(0, 1))
def test_added_documents_move_none(old: list[str], new: list[str], share: float) -> None:
    before = split_documents(documents(old), share, ())
    after = split_documents(documents(sorted({*old, *new})), share, ())
    assert {docid: after[docid] for docid in before} == before


@given(st.lists(IDS, unique=True, min_size=1), st.data())
def test_judged_documents_are_test(ids: list[str], data: st.DataObject) -> None:
    judged = data.draw(st.sets(st.sampled_from(ids)))
    splits = split_documents(documents(ids), 0.5, judged)
    assert {docid for docid, split in splits.items() if split == "test"} == judged


def test_the_bounds_of_the_share() -> None:
    ids = [str(number) for number in range(50)]
    assert set(split_documents(documents(ids), 0, ()).values()) == {"train"}
    assert set(split_documents(documents(ids), 1, ()).values()) == {"dev"}


def test_the_share_is_kept_roughly() -> None:
    splits = split_documents(documents([str(number) for number in range(2000)]), 0.2, ())
    assert abs(list(splits.values()).count("dev") / 2000 - 0.2) < 0.03  # 3.4 standard deviations


def test_chunks_of_a_document_stay_together() -> None:
    splits = split_documents(documents([f"p#{n}" for n in range(20)], parent="p"), 0.5, ())
    assert len(set(splits.values())) == 1


def test_a_judged_parent_or_chunk_judges_all_its_chunks() -> None:
    chunks = [*documents(["p#1", "p#2"], parent="p"), *documents(["q"])]
    for judged in ({"p"}, {"p#2"}):
        splits = split_documents(chunks, 0.5, judged)
        assert [splits["p#1"], splits["p#2"]] == ["test", "test"]
        assert splits["q"] != "test"
