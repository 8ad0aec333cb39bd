from hypothesis import given
from hypothesis import strategies as st

from sunwi.serve.snippet import cut, find_matches


def test_inflected_stems_and_nouns_are_found_where_they_stand() -> None:
    texts = ["그는 산길을 걸었다. 산소가 모자랐다.", "바다", ""]
    (first, second, third) = find_matches(texts, ["걷", "산소"])
    assert [texts[0][start:end] for start, end in first] == ["걸", "산소"]
    assert (second, third) == ([], [])


def test_the_cut_holds_most_matches() -> None:
    text = "산소 " + "가나다 " * 50 + "산소와 산소"
    matches = [(0, 2), (203, 205), (207, 209)]
    snippet = cut(text, matches, width=40)
    assert snippet.text.startswith("…가나다")
    assert snippet.marked().endswith("[산소]와 [산소]")


def test_lines_become_one() -> None:
    assert cut("제목\n글", []).text == "제목 글"


@given(
    st.text(alphabet="가나 \n", max_size=80),
    st.lists(st.tuples(st.integers(0, 80), st.integers(1, 5)), max_size=5),
    st.integers(1, 40),
)
def test_matches_keep_their_text(text: str, raw: list[tuple[int, int]], width: int) -> None:
    matches, last = [], -1
    for start, length in sorted(raw):
        if start > last and start + length <= len(text):
            matches.append((start, start + length))
            last = start + length
    snippet = cut(text, matches, width)
    assert len(snippet.text) <= width + 2
    originals = {" ".join(text[start:end].split("\n")) for start, end in matches}
    assert {snippet.text[start:end] for start, end in snippet.matches} <= originals
    assert snippet.marked("", "") == snippet.text
