"""Questions by linguistic templates over the morphological analysis: no LLM, no network, no key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Literal

from sunwi.cache import RowCache
from sunwi.compute.executor import LOCAL, Executor
from sunwi.qa.candidate import Candidate
from sunwi.qa.template import medium, safe
from sunwi.qa.template.cached import candidate_key, from_row, to_row
from sunwi.qa.template.keyword import keyword_query
from sunwi.qa.template.pattern import Pattern
from sunwi.qa.template.register import word
from sunwi.qa.template.sentence import Sentence, split_sentences
from sunwi.qa.template.term import is_title
from sunwi.qa.template.wordings import WORDINGS
from sunwi.records.corpus import Document
from sunwi.text import kiwi, pieces

if TYPE_CHECKING:
    from kiwipiepy import Token

Piece = tuple[str, "Sequence[Token]"]  # of a passage's content, and its morphemes
Group = Literal["safe", "medium", "keyword"]
PATTERNS: dict[Group, dict[str, Pattern]] = {"safe": safe.SAFE, "medium": medium.MEDIUM}


BLOCK = 512  # documents analysed at a time


def template_candidates(
    documents: Sequence[Document], groups: Iterable[Group], seed: int, engine: Executor = LOCAL
) -> list[Candidate]:
    """Candidates for every document, best first within a document.

    The order within a document: safe, medium, keyword; in a group, questions with distinct answers
    (sentences) before second questions on the same sentence; then by pattern, best first. A question
    depends on its own document and the seed alone.

    Parameters
    ----------
    documents
        In any order.
    groups
        Which groups to make.
    seed
        Chooses, with the docid, the wording of each question.
    engine
        Runs blocks of documents that are not in the row cache.
    """
    wanted = frozenset(groups)

    def made(blocks: list[list[int]]) -> Iterator[Iterable[bytes]]:
        characters = sum(len(documents[row].content) for block in blocks for row in block)
        task = partial(_for_block, groups=wanted, seed=seed, characters=characters)
        candidates = engine.map(task, ([documents[row] for row in block] for block in blocks))
        return (map(to_row, of_block) for of_block in candidates)

    keys = [candidate_key(document, wanted, seed) for document in documents]
    with RowCache("template_questions") as cache:
        rows = cache.fill(keys, made, BLOCK, label="questions")
    pairs = zip(rows, documents, strict=True)
    return list(chain.from_iterable(from_row(row, document.docid) for row, document in pairs))


@dataclass(frozen=True, slots=True)
class _Made:
    question: str
    style: str
    pattern: str
    group: Group
    sentence: int | None


def _for_block(
    documents: Sequence[Document], groups: frozenset[Group], seed: int, characters: int
) -> list[list[Candidate]]:
    """Candidates of each document; all blocks have so many `characters`."""
    analyser = kiwi(characters)
    titles = analyser.tokenize([document.title or "" for document in documents])
    cut = [pieces(document.content) for document in documents]
    analysed = iter(analyser.tokenize(list(chain.from_iterable(cut))))
    return [
        _for_document(document, list(zip(texts, analysed, strict=False)), title, groups, seed)
        for document, texts, title in zip(documents, cut, titles, strict=True)
    ]


def _for_document(
    document: Document, content: Sequence[Piece], title: Sequence[Token], groups: frozenset[Group], seed: int
) -> list[Candidate]:
    """Candidates of one document; the keyword query is that of its first piece."""
    sentences: list[Sentence] = []
    for text, tokens in content:
        sentences += split_sentences(text, tokens, document.title or "", first=len(sentences))
    made: list[_Made] = []
    if "safe" in groups:
        made += _by_patterns(document, sentences, "safe", seed)
        made += _by_title(document, title, seed)
    if "medium" in groups:
        made += _by_patterns(document, sentences, "medium", seed)
    if "keyword" in groups and (query := keyword_query(document.title or "", *content[0])):
        made.append(_Made(query, "keyword", "keyword", "keyword", None))
    return [
        Candidate(
            qid=f"{document.docid}-{number:02d}",
            docid=document.docid,
            question=entry.question,
            style=entry.style,
            generator=f"template:{entry.pattern}",
            paraphrase=False,
            checks={"group": entry.group, "sentence": entry.sentence},
        )
        for number, entry in enumerate(made, start=1)
    ]


def _by_patterns(document: Document, sentences: Sequence[Sentence], group: Group, seed: int) -> list[_Made]:
    used: set[tuple[int, str]] = set()
    answers: Counter[int] = Counter()
    ranked: list[tuple[int, int, int, _Made]] = []
    for sentence in sentences:
        for rank, (name, pattern) in enumerate(PATTERNS[group].items()):
            for fact in pattern(sentence):
                key = (id(WORDINGS[name]), fact.focus)  # patterns that share their wordings ask the same
                if key in used:
                    continue
                used.add(key)
                question, register = word(
                    WORDINGS[name], fact.slots, str(seed), document.docid, name, fact.focus
                )
                entry = _Made(question, register, name, group, sentence.number)
                ranked.append((answers[sentence.number], rank, sentence.number, entry))
                answers[sentence.number] += 1
    return [entry for *_, entry in sorted(ranked, key=lambda row: row[:3])]


def _by_title(document: Document, tokens: Sequence[Token], seed: int) -> list[_Made]:
    """A question for the whole passage, where the title is a phrase that names its subject."""
    title = (document.title or "").strip()
    if not is_title(tokens, title):
        return []
    question, register = word(WORDINGS["title"], {"X": title}, str(seed), document.docid, "title", title)
    return [_Made(question, register, "title", "safe", None)]
