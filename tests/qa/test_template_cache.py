"""Templates run again for what changed alone, and say the same from the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sunwi.qa.template.candidates import template_candidates
from sunwi.records.corpus import Document
from sunwi.text import sentences, sentences_of

GROUPS = ("safe", "medium", "keyword")


class Counting:
    """The local engine, with the documents that it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def map(self, work: Callable[[Any], Any], batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            self.seen += [document.docid for document in batch]
            yield work(batch)


def test_only_what_changed_is_analysed(tiny_corpus: list[Document], own_cache: Path) -> None:
    first, again, after = Counting(), Counting(), Counting()
    made = template_candidates(tiny_corpus, GROUPS, 7, first)  # type: ignore[arg-type]
    assert first.seen == [document.docid for document in tiny_corpus]
    assert template_candidates(tiny_corpus, GROUPS, 7, again) == made  # type: ignore[arg-type]
    assert again.seen == []
    changed = tiny_corpus[2].model_copy(update={"content": "적혈구의 헤모글로빈은 산소와 결합한다."})
    corpus = [*tiny_corpus[:2], changed, *tiny_corpus[3:]]
    template_candidates(corpus, GROUPS, 7, after)  # type: ignore[arg-type]
    assert after.seen == [changed.docid]


def test_settings_and_rules_are_part_of_the_key(
    tiny_corpus: list[Document], own_cache: Path, monkeypatch: Any
) -> None:
    seeds, groups, rules = Counting(), Counting(), Counting()
    template_candidates(tiny_corpus, GROUPS, 7)  # type: ignore[arg-type]
    template_candidates(tiny_corpus, GROUPS, 8, seeds)  # type: ignore[arg-type]
    template_candidates(tiny_corpus, ("safe",), 7, groups)  # type: ignore[arg-type]
    monkeypatch.setattr("sunwi.qa.template.cached._rules", lambda: "edited")
    template_candidates(tiny_corpus, GROUPS, 7, rules)  # type: ignore[arg-type]
    assert len(seeds.seen) == len(groups.seen) == len(rules.seen) == len(tiny_corpus)


def test_sentences_come_from_the_cache_alike(tiny_corpus: list[Document], own_cache: Path) -> None:
    texts = [document.content for document in tiny_corpus] + ["한 문장이다. 두 번째 문장이다.\n셋째다."]
    fresh = sentences_of(texts)
    assert fresh == [sentences(text) for text in texts]
    assert sentences_of(texts[::-1]) == fresh[::-1]
