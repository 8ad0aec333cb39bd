import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.corpus.copies import copies_of
from sunwi.corpus.duplicates import find_duplicates
from sunwi.corpus.near_duplicates import band_keys, bands, gram_hashes, near_pairs
from sunwi.corpus.rows import DuplicatePair
from sunwi.records.corpus import Document
from sunwi.text import char_ngrams, jaccard


def passage(seed: int, length: int = 200) -> str:
    letters = random.Random(seed)
    return "".join(chr(letters.randrange(0xAC00, 0xD7A4)) for _ in range(length))


def documents(**contents: str) -> list[Document]:
    return [Document(docid=docid, content=content) for docid, content in contents.items()]


def pair(docid: str, of: str, similarity: float) -> DuplicatePair:
    return DuplicatePair(docid=docid, duplicate_of=of, similarity=similarity)


def test_exact_copies_differ_in_spaces_punctuation_and_case_alone() -> None:
    rows = documents(
        c="빛은 파동, DNA는 분자이다.",
        a="빛은파동 dna는 분자 이다",
        b="빛은 입자이다.",
        d="빛은 파동 DNA는 분자이다!",
    )
    assert find_duplicates(rows, 0.85) == [pair("c", "a", 1.0), pair("d", "a", 1.0)]


def test_contents_of_punctuation_alone_are_no_copies_of_each_other() -> None:
    assert find_duplicates(documents(a="...", b="?!", c="..."), 0.85) == [pair("c", "a", 1.0)]


def test_a_planted_near_copy_is_found_with_its_true_index() -> None:
    original = passage(1)
    changed = original[:100] + "가" + original[101:]
    # 200 letters have 196 5-grams; one changed letter changes 5 of them: 191 / (196 + 5).
    rows = documents(a=original, b=passage(2), c=changed, d=original + "!")
    assert find_duplicates(rows, 0.85) == [pair("c", "a", round(191 / 201, 6)), pair("d", "a", 1.0)]


def test_nothing_under_the_threshold_is_reported() -> None:
    original = passage(1)
    rows = documents(a=original, b=original[:100] + "가" + original[101:])
    assert find_duplicates(rows, 0.951) == []
    assert len(find_duplicates(rows, 0.95)) == 1


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.85, 0.95, 1.0])
def test_every_pair_that_brute_force_finds(threshold: float) -> None:
    random_state = random.Random(7)
    texts = {f"{seed:03d}": passage(seed, 120) for seed in range(40)}
    for number in range(80):
        letters = list(texts[f"{number % 40:03d}"])
        for _ in range(1 + number % 9):
            letters[random_state.randrange(len(letters))] = "가"
        texts[f"copy{number:03d}"] = "".join(letters)
    grams = {key: char_ngrams(text, 5) for key, text in texts.items()}
    expected = [
        (later, earlier, jaccard(grams[later], grams[earlier]))
        for later in sorted(texts)
        for earlier in sorted(texts)
        if earlier < later and jaccard(grams[later], grams[earlier]) >= threshold
    ]
    assert near_pairs(texts, threshold) == expected
    assert near_pairs(dict(reversed(texts.items())), threshold) == expected


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0])
def test_bands_keep_the_chance_of_a_miss(threshold: float) -> None:
    count, rows = bands(threshold)
    assert count * rows <= 128
    assert (1 - threshold**rows) ** count <= 0.001


@given(st.lists(st.text(alphabet="가나다라abc1", min_size=5, max_size=60), min_size=1, max_size=5))
def test_one_hash_for_each_gram(texts: list[str]) -> None:
    hashes, starts = gram_hashes(texts)
    parts = np.split(hashes, starts[1:])
    assert [len(set(part.tolist())) for part in parts] == [len(char_ngrams(text, 5)) for text in texts]
    assert len(set(hashes.tolist())) == len(set().union(*(char_ngrams(text, 5) for text in texts)))


@given(st.lists(st.text(alphabet="가나", min_size=5, max_size=9), min_size=1, max_size=12), st.integers(1, 6))
def test_band_keys_do_not_depend_on_the_block(texts: list[str], block: int) -> None:
    whole = band_keys(texts, 18, 7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sunwi.corpus.near_duplicates.BLOCK", block)
        assert np.array_equal(band_keys(texts, 18, 7), whole)
    alike = [set(range(len(texts))) & {at for at in range(len(texts)) if (whole[:, at] == whole[:, 0]).all()}]
    assert all(set(char_ngrams(texts[at], 5)) == char_ngrams(texts[0], 5) for at in alike[0])


def test_band_keys_are_those_of_minhash() -> None:
    """datasketch's minima over the same hashes: bands are alike where its bands are."""
    sketches = pytest.importorskip("datasketch")
    texts = [passage(at // 3, 40)[at % 3 :] for at in range(30)]
    hashes, starts = gram_hashes(texts)
    odd, shift = sketches.MinHash(num_perm=128, seed=1, scheme="affine32").permutations[:, :126]
    minima = [(part[:, None] * odd + shift).min(axis=0) for part in np.split(hashes, starts[1:])]
    of_bands = np.stack(minima).reshape(30, 18, 7)
    keys = band_keys(texts, 18, 7)
    for band in range(18):
        for one in range(30):
            same = (of_bands[:, band] == of_bands[one, band]).all(axis=1)
            assert np.array_equal(keys[band] == keys[band, one], same)


def test_short_texts_have_no_near_copies() -> None:
    assert near_pairs({"a": "가나다라", "b": "가나다라"}, 0.5) == []


def test_copies_of_follows_exact_copies_and_near_copies() -> None:
    pairs = [
        pair("b", "a", 1.0),
        pair("c", "a", 0.9),
        pair("d", "c", 1.0),
        pair("e", "c", 0.9),
        pair("z", "y", 1.0),
    ]
    copies = copies_of(pairs)
    assert sorted(copies["b"]) == ["a", "b", "c", "d"]
    assert copies["a"] == copies["b"]
    assert sorted(copies["d"]) == ["a", "b", "c", "d", "e"]
    assert sorted(copies["e"]) == ["c", "d", "e"]  # near to c, but not known to be near to a
    assert sorted(copies["y"]) == ["y", "z"]
    assert copies_of([]) == {}


def test_a_content_that_repeats_often_stays_small() -> None:
    rows = [Document(docid=f"{number:05d}", content="내용 없음") for number in range(5000)]
    pairs = find_duplicates(rows, 0.85)
    assert len(pairs) == 4999
    copies = copies_of(pairs)
    assert len(copies["00000"]) == 5000
    assert len({id(members) for members in copies.values()}) == 1
