"""The SQuAD family: KorQuAD 1.0, KLUE-MRC, and AI-Hub's reading comprehension sets.

`data[].paragraphs[]` holds a `context` and its `qas[]` in all of them; the names of ids, titles and
answers differ (`id`, `guid` or `question_id`; `title` or `doc_title`; a list of answers or one object).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sunwi.corpus.draft import Draft, Place
from sunwi.corpus.jsonl import read_document
from sunwi.corpus.rows import GivenQuestion, Judgement
from sunwi.errors import DataError
from sunwi.records import Document, Message, Query
from sunwi.runtime import text_hash

QUESTION_IDS = ("id", "guid", "question_id")
ARTICLE_TITLES = ("title", "doc_title")
PARAGRAPH_TITLES = ("title", "context_title")


def read_squad(files: Sequence[Path], tune_share: float = 0.0) -> Draft:
    """Read one or several files.

    A paragraph becomes a document, `src` names its article, and `title` is kept where the paragraph has
    one of its own. A paragraph that an article repeats is one document with the questions of both.
    Unanswerable questions are left out and counted.

    Parameters
    ----------
    tune_share
        Share of the articles, 0 to 1, chosen by a hash of their id or title, whose questions are
        given questions for training; those of the other articles are evaluation queries with qrels.
    """
    if not 0 <= tune_share <= 1:
        raise DataError(f"tune_share is {tune_share}", "give a share from 0 to 1")
    draft = Draft()
    paragraphs: Counter[str] = Counter()  # of an article so far: one doc_id may stand in several entries
    known: dict[tuple[str, str], str] = {}
    for path, name in zip(files, _names(files), strict=True):
        document = read_document(path, draft)
        if document is None:
            continue
        for index, (place, article) in enumerate(_children(draft, Place(path), document, "data")):
            title = _first_text(article, ARTICLE_TITLES)
            key = _first_text(article, ("doc_id",)) or f"{name}-{index:05d}"
            prefix = "_".join(key.split())
            to_tune = _hash_share(_first_text(article, ("doc_id",)) or title or key) < tune_share
            for at, paragraph in _children(draft, place, article, "paragraphs"):
                context = _required(draft, at, paragraph, ("context",))
                if context is None:
                    continue
                docid = known.get((key, context))
                if docid is None:
                    docid = known[key, context] = f"{prefix}-{paragraphs[key]:03d}"
                    paragraphs[key] += 1
                    row = Document(docid=docid, content=context, title=_own_title(paragraph), src=title)
                    draft.documents.append((at, row))
                else:
                    draft.counted["paragraphs that their article repeats, joined into one document"] += 1
                _add_questions(draft, at, paragraph, docid, to_tune)
    return draft


def _names(files: Sequence[Path]) -> list[str]:
    """A prefix for each file's ids: its stem, with the folder's name where two stems are the same."""
    stems = Counter(path.stem for path in files)
    return [path.stem if stems[path.stem] == 1 else f"{path.parent.name}-{path.stem}" for path in files]


def _hash_share(key: str) -> float:
    """A number from 0 to 1 that depends on the article alone, so that added articles move no other."""
    return int(text_hash("tune", key)[:8], 16) / 0x100000000


def _add_questions(draft: Draft, at: Place, paragraph: dict[str, Any], docid: str, to_tune: bool) -> None:
    for place, asked in _children(draft, at, paragraph, "qas"):
        question = _required(draft, place, asked, ("question",))
        qid = _required(draft, place, asked, QUESTION_IDS)
        if question is None or qid is None:
            continue
        if not _is_answerable(asked):
            draft.counted["unanswerable questions, left out"] += 1
        elif to_tune:
            draft.questions.append((place, GivenQuestion(docid=docid, question=question, source="human")))
        else:
            query = Query(eval_id=qid, messages=[Message(role="user", content=question)])
            draft.queries.append((place, query))
            draft.qrels.append((place, Judgement(qid, docid, 1)))


def _is_answerable(asked: dict[str, Any]) -> bool:
    """`is_impossible` decides; without it, a question whose answers hold no text has none."""
    impossible = asked.get("is_impossible")
    if impossible is not None:
        return str(impossible).lower() not in {"true", "1"}
    if "answers" not in asked:
        return True
    answers = asked["answers"] if isinstance(asked["answers"], list) else [asked["answers"]]
    texts = [answer.get("text") if isinstance(answer, dict) else answer for answer in answers]
    return any(isinstance(text, str) and text.strip() for text in texts)


def _own_title(paragraph: dict[str, Any]) -> str | None:
    title = _first_text(paragraph, PARAGRAPH_TITLES)
    return title if title and not paragraph["context"].lstrip().startswith(title) else None


def _children(
    draft: Draft, place: Place, parent: dict[str, Any], name: str
) -> Iterator[tuple[Place, dict[str, Any]]]:
    items = parent.get(name)
    if not isinstance(items, list):
        draft.problems.append(place.problem(f"expected a list in the field '{name}'"))
        return
    for index, item in enumerate(items):
        at = place.within(f"{name}[{index}]")
        if isinstance(item, dict):
            yield at, item
        else:
            draft.problems.append(at.problem("expected an object"))


def _first_text(values: dict[str, Any], names: Sequence[str]) -> str | None:
    """The first of the fields that holds text; numbers are ids written without quotes."""
    for name in names:
        value = values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value.strip():
            return value
    return None


def _required(draft: Draft, place: Place, values: dict[str, Any], names: Sequence[str]) -> str | None:
    found = _first_text(values, names)
    if found is None:
        fields = " or ".join(f"'{name}'" for name in names)
        draft.problems.append(place.problem(f"field {fields} is missing or empty"))
    return found
